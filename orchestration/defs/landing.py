"""The landing tables over all instances of a kind: shown as new by the step of the source that landed rows in them.

No step makes them: a build opens views over whatever is accepted at its start.
"""

from collections import defaultdict
from collections.abc import Iterable

import dagster as dg

from orchestration.config import Settings
from orchestration.configured import configured
from orchestration.dbt import source_descriptions
from orchestration.translators import OWNERS, landing_spec, source_key
from pipelines.landing.views import RESULTS, tables_of
from pipelines.sources import KINDS


@dg.definitions
def defs() -> dg.Definitions:
    """An asset a declared table, downstream of the sources of its kind; an asset a view beside them."""
    settings = Settings.from_environment()
    of_kind: dict[str, list[dg.AssetKey]] = defaultdict(list)
    for instance, known in configured(settings).items():
        of_kind[known.kind].append(source_key(instance))
    tables = [spec for kind in KINDS for spec in _tables(kind, of_kind[kind])]
    declared = {spec.key for spec in tables}
    others = [
        dg.AssetSpec(key, description=description, group_name="sources", owners=[OWNERS["landing"]], kinds={"duckdb"})
        for name, description in source_descriptions(settings).items()
        if (key := dg.AssetKey(["landing", name])) not in declared and not name.startswith(f"{RESULTS}__")
    ]
    return dg.Definitions(assets=[*tables, *others])


def _tables(kind: str, sources: Iterable[dg.AssetKey]) -> list[dg.AssetSpec]:
    return [landing_spec(kind, table).replace_attributes(deps=list(sources)) for table in tables_of(kind)]
