"""Bring a Superset home to the state that git describes: metadata database, roles, accounts, assets. Safe to repeat.

Run in Superset's own environment, as README.md shows. Assets are known by UUID and marked as managed from here; what is
marked and no longer in git is removed, what people built themselves is left alone.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from roles import ACCOUNTS, ROLES, Role
from superset.app import create_app

ASSETS = Path(__file__).parent / "assets"


class DeployError(Exception):
    """Something that the person who deploys can put right; `str()` is the one line to show."""


def main() -> int:
    """Deploy; 0 when Superset's state is the one in git, 1 with one line on standard error when it is not."""
    try:
        passwords = read_passwords(Path(os.environ["VOXHOUSE_HOME"]) / "superset" / "passwords.env", os.environ)
        bundle = read_assets(ASSETS)
        with create_app().app_context():
            with redirect_stdout(sys.stderr):
                migrate()
            set_accounts(["admin"], passwords)
            import_bundle(bundle)
            removed = remove_absent({UUID(asset["uuid"]) for asset in bundle.values() if "uuid" in asset})
            for role in ROLES:
                set_role(role)
            set_accounts(ACCOUNTS, passwords)
    except DeployError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"superset: {len(bundle) - 1} assets imported, {removed} removed, {len(ROLES)} roles set")
    return 0


def read_passwords(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Account to password, from `VOXHOUSE_SUPERSET_<ACCOUNT>_PASSWORD` in the environment or, failing that, the file.

    The file holds the same names as KEY=VALUE lines. DeployError if others can read it or the administrator has none.
    """
    lines: list[str] = []
    if path.exists():
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise DeployError(f"{path}: readable by others; run `chmod 600 {path}`")
        lines = path.read_text(encoding="utf-8").splitlines()
    known = dict(line.split("=", 1) for line in lines if "=" in line) | dict(environment)
    variables = {account: f"VOXHOUSE_SUPERSET_{account.upper()}_PASSWORD" for account in ACCOUNTS}
    passwords = {account: known[name] for account, name in variables.items() if known.get(name)}
    if "admin" not in passwords:
        raise DeployError(
            f"{path}: no password for the administrator; set {variables['admin']} here or in the environment"
        )
    return passwords


def read_assets(folder: Path) -> dict[str, dict[str, Any]]:
    """Path relative to `folder` to content, for every YAML file under it."""
    paths = sorted(folder.rglob("*.yaml"))
    return {str(path.relative_to(folder)): yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths}


def migrate() -> None:
    """Bring the metadata database to this Superset's revision and register all permissions that exist."""
    from flask_migrate import upgrade

    import superset

    upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
    superset.appbuilder.add_permissions(update_perms=True)
    superset.security_manager.sync_role_definitions()


def import_bundle(bundle: dict[str, dict[str, Any]]) -> None:
    """Create or overwrite every asset by its UUID, in one transaction; DeployError with the faulty fields."""
    from superset.commands.exceptions import CommandInvalidError, ImportFailedError
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    from superset import security_manager

    managed = {
        name: asset | ({"is_managed_externally": True} if "uuid" in asset else {}) for name, asset in bundle.items()
    }
    contents = {name: yaml.safe_dump(asset, sort_keys=False) for name, asset in managed.items()}
    with override_user(security_manager.find_user("admin")):
        try:
            ImportAssetsCommand(contents).run()
        except (CommandInvalidError, ImportFailedError) as error:
            cause = error if isinstance(error, CommandInvalidError) else error.__cause__
            faults = cause.normalized_messages() if isinstance(cause, CommandInvalidError) else repr(cause or error)
            raise DeployError(f"superset assets were not imported: {json.dumps(faults, default=str)}") from error


def remove_absent(present: set[UUID]) -> int:
    """Delete the managed assets whose UUID is not among `present`, and say how many there were."""
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    from superset import db

    removed = 0
    for model in (Dashboard, Slice, SqlaTable, Database):
        for asset in db.session.query(model).filter(model.is_managed_externally.is_(True)):
            if asset.uuid not in present:
                db.session.delete(asset)
                removed += 1
        db.session.commit()
    return removed


def set_role(role: Role) -> None:
    """Give a role exactly its permissions; DeployError for one that this Superset does not know."""
    from superset import db, security_manager

    entries = [security_manager.add_permission_view_menu("schema_access", schema) for schema in role.schemas]
    for permission, view in sorted(role.permissions):
        entry = security_manager.find_permission_view_menu(permission, view)
        if entry is None:
            raise DeployError(
                f"roles.py: this Superset has no permission {permission} on {view}; correct the role {role.name}"
            )
        entries.append(entry)
    security_manager.add_role(role.name).permissions = entries
    db.session.commit()


def set_accounts(accounts: Iterable[str], passwords: dict[str, str]) -> None:
    """Create or update the accounts that were given a password; the others are left as they are."""
    from werkzeug.security import check_password_hash

    from superset import db, security_manager

    for account in accounts:
        if account not in passwords:
            continue
        role = security_manager.find_role(ACCOUNTS[account])
        user = security_manager.find_user(account)
        if user is None:
            name = account.capitalize()
            security_manager.add_user(account, name, "", f"{account}@voxhouse.invalid", role, passwords[account])
            continue
        user.roles = [role]
        if not check_password_hash(user.password, passwords[account]):
            security_manager.reset_password(user.id, passwords[account])
    db.session.commit()


if __name__ == "__main__":
    sys.exit(main())
