"""The page and the templates of file drops, made from the declared tables: `python -m pipelines.sources.file_drop`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dlt.common.schema.typing import TColumnSchema

from pipelines.sources.file_drop.expressions import ALLOWED
from pipelines.sources.file_drop.mapping import IDENTIFIERS
from pipelines.sources.file_drop.settings import (
    ENTITIES,
    MAX_COLUMNS,
    MAX_HEAD_CHARACTERS,
    MAX_LINE_BYTES,
    MAX_TEXT_BYTES,
    targets,
)

_KINDS = {"bigint": "integer", "bool": "boolean"}
FOLDER = Path(__file__).parent
_INTRODUCTION = f"""\
# File drops

Any folder `inbox/NAME/` of the home with CSV, TSV, Parquet or JSON-lines files (each also `.gz`) and a `drop.yml` is a
source called NAME (small letters, digits and `_`). `voxhouse drop NAME FILE…` copies files there and writes a first
`drop.yml` from them; `voxhouse drop check NAME` shows what would land. `templates/` has a mapping per entity.

This page is made from `settings.py` by `python -m pipelines.sources.file_drop`; a test keeps it in step.

## drop.yml

```yaml
brand: aurora                     # from brands.yml
timezone: Europe/Paris            # of times that carry no offset; default UTC
currency: EUR                     # where an entity's currency is not mapped
date_formats: ["%d/%m/%Y %H:%M"]  # tried where a value is not ISO 8601
null_values: ["N/A"]              # texts that mean empty; blank always does
files:
  - match: "sales-*.csv.gz"       # glob in this folder (** for any folders); the first that matches counts
    delimiter: ";"                # CSV and TSV only; default , ("\\t" is a tab)
    encoding: latin-1             # CSV and JSON lines; any of Python's for text; default utf-8
    entities:                     # one or several of one file
      - entity: orders
        distinct: true            # equal records count once: orders out of a file of their lines
        where: "status <> 'draft'"
        columns:
          order_id: Order No                              # a column of the file
          customer_id: Customer
          ordered_at: Time
          currency: {{constant: EUR}}                       # the same for all records
      - entity: order_lines
        columns:
          order_id: Order No
          line_id: {{expression: "_record_number"}}         # the record's position in the file
          quantity: Units
          gross_amount: {{expression: 'Units * "Unit price"'}}
```

- An expression has columns (in double quotes where the name has other signs than letters, digits and `_`), literals,
  `+ - * / %`, comparisons, `and or not`, `||`, `case`, and the functions {ALLOWED}.
- Times are ISO 8601, with or without seconds and offset (`2026-05-01T10:00Z`, `2026-05-01 10:00 +0200`), those of X's
  archives, or in one of `date_formats`. One without an offset is of the drop's time zone; a day where a time belongs
  (`2026-05-01`) is the midnight with which it begins in that zone.
- A network may be called otherwise (`twitter`, `ig`, `fb`, `meta`, `yt`, `linkedin.com` …). One that is not known stops
  the load of the folder, in a line with the file and the word.
- Text becomes a number in arithmetic; where it cannot, the record goes to quarantine.
- `email`, `phone` and `handle` become tokens before anything lands; the values stay in the vault. A phone needs its
  country (`+33 …`), else it gets no token. A column that is one of these cannot be mapped as an id or a text too, and a
  column that is called like one cannot be an id; an id in the form of an e-mail address or a phone number goes to
  quarantine.
- Columns of the file that no mapping names are not read, and no error names them but by position and length.
- A new version of a file replaces all rows of the old one; a deleted file changes nothing; the same bytes under the
  same mapping land once. A file that no `match` names stops the load of this folder, and of no other.
- A record that breaks a rule of the tables below goes to quarantine with file, record number, column and reason:
  wrong type, impossible date, below the minimum, unknown currency, required and missing, duplicate key, and for the
  record as a whole wrong number of fields, not a JSON object, or not comparable as `where` asks.
- Control totals (by the brand's day and currency) are summed from the raw file by another reader.

## Bounds

Hidden files and folders (`.name`) are not seen. A link that leads out of the folder is refused, as is a first line of a
CSV file that looks like data. At most: {MAX_LINE_BYTES >> 20} MB a line of CSV or JSON lines,
{MAX_HEAD_CHARACTERS:,} characters of column names, {MAX_COLUMNS:,} columns, {MAX_TEXT_BYTES >> 30} GB a file once
unpacked; of `drop.yml` 256 kB, 20 levels and 2,000 characters an expression.

## Entities
"""


def page() -> str:
    """README.md of this folder."""
    return _INTRODUCTION + "".join(map(_section, ENTITIES))


def template(entity: str) -> str:
    """A drop.yml for one entity, every column of the file called as the entity's."""
    columns = "\n".join(_line(name, column) for name, column in targets(entity).items())
    return (
        f"# {ENTITIES[entity]['description']}\n"
        "# The name right of each colon is a column of your file; remove the lines that it does not have.\n"
        "brand: your_brand\ntimezone: UTC\ncurrency: EUR\nfiles:\n"
        f'  - match: "{entity}*.csv"\n    entities:\n      - entity: {entity}\n        columns:\n{columns}\n'
    )


def write() -> None:
    """Write the page and the templates into this folder."""
    (FOLDER / "README.md").write_text(page(), encoding="utf-8")
    (FOLDER / "templates").mkdir(exist_ok=True)
    for entity in ENTITIES:
        (FOLDER / "templates" / f"{entity}.yml").write_text(template(entity), encoding="utf-8")


def _section(entity: str) -> str:
    table = ENTITIES[entity]
    rows = "\n".join(_row(name, column) for name, column in targets(entity).items())
    key = ", ".join(f"`{name}`" for name, column in table["columns"].items() if column.get("primary_key"))
    heading = f"\n### {entity}\n\n{table['description']} Key: {key}.\n\n"
    return f"{heading}| column | type | rules | meaning |\n|---|---|---|---|\n{rows}\n"


def _row(name: str, column: TColumnSchema) -> str:
    return f"| `{name}` | {_type(name, column)} | {', '.join(_rules(column))} | {column['description']} |"


def _type(name: str, column: TColumnSchema) -> str:
    if name in IDENTIFIERS:
        return "identifier"
    if column["data_type"] == "decimal":
        return f"decimal, {column['scale']} places"
    data_type = str(column["data_type"])
    return _KINDS.get(data_type, data_type)


def _rules(column: TColumnSchema) -> list[str]:
    hints = dict[str, Any](column)
    rules = ["required"] if hints.get("nullable") is False else []
    if (minimum := hints.get("x-minimum")) is not None:
        rules.append(f"at least {minimum:g}")
    if allowed := hints.get("x-one-of"):
        rules.append(f"{', '.join(allowed[:-1])} or {allowed[-1]}")
    return rules + (["ISO 4217"] if hints.get("x-format") == "currency" else [])


def _line(name: str, column: TColumnSchema) -> str:
    rules = ", ".join(_rules(column))
    return f"          {name}: {name}  # {rules + ': ' if rules else ''}{column['description']}"
