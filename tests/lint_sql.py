"""`python -m tests.lint_sql`: sqlfluff, dbt-bouncer, and no function of one engine outside the dispatched macros."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from orchestration.config import DBT_PROJECT, Settings
from orchestration.dbt import ensure_manifest

ROOT = Path(__file__).resolve().parent.parent
# One side only, or another result on the other: DuckDB against Spark. Each has a macro or a portable spelling.
BANNED = {
    "date_diff": "days_between or hours_between",
    "datediff": "days_between or hours_between",
    "strftime": "cast to date or text",
    "date_format": "cast to date or text",
    "epoch": "hours_between",
    "generate_series": "spine_days or spine_integers",
    "unnest": "a macro",
    "explode": "a macro",
    "string_agg": "a macro",
    "list_aggregate": "a macro",
    "isodow": "weekday_iso",
    "dayofweek": "weekday_iso",
    "json_extract_string": "json_text",
    "get_json_object": "json_text",
    "strpos": "instr",
    "nvl": "coalesce",
    "hash": "surrogate_key",
    "asof": "a window",
    "arg_max": "max_by",
    "arg_min": "min_by",
}
_CALL = re.compile(r"(?<![\w.'])(" + "|".join(BANNED) + r")\s*\(|\bat time zone\b|\basof join\b|\s//\s", re.IGNORECASE)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|--[^\n]*", re.DOTALL)


def banned_calls() -> list[str]:
    """`file:line: call` for every banned one outside macros/."""
    found = []
    for path in sorted((DBT_PROJECT / "models").rglob("*.sql")):
        text = _JINJA.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), path.read_text(encoding="utf-8"))
        for number, line in enumerate(text.splitlines(), 1):
            found += [f"{path.relative_to(ROOT)}:{number}: {m.group().strip()}" for m in _CALL.finditer(line)]
    return found


def main() -> int:
    """0 when everything is in order."""
    found = banned_calls()
    print("\n".join(found) or "no banned SQL function")
    bin_folder = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VOXHOUSE_HOME"] = folder
        settings = Settings.from_environment()
        settings.prepare()
        manifest = ensure_manifest(settings)
        fluff = subprocess.run(
            [str(bin_folder / "sqlfluff"), "lint", "--disable-progress-bar", "dbt_project/models"], cwd=ROOT
        )
        bouncer = subprocess.run(
            [str(bin_folder / "dbt-bouncer"), "run", "--config-file", "dbt_project/dbt-bouncer.yml"],
            cwd=ROOT,
            env={**os.environ, "DBT_PROJECT_DIR": str(manifest.parent.parent)},
        )
    return 1 if found or fluff.returncode or bouncer.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
