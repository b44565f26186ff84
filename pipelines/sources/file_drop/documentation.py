"""The page and the templates of file drops, made from the declared tables: `python -m pipelines.sources.file_drop`."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipelines.casts import kind_of_type
from pipelines.schema import Column, Table
from pipelines.sources.file_drop.expressions import ALLOWED
from pipelines.sources.file_drop.mapping import IDENTIFIERS, targets
from pipelines.sources.file_drop.tables import ENTITIES

FOLDER = Path(__file__).parent
_INTRODUCTION = f"""\
# File drops

Any folder `inbox/NAME/` of the home with CSV, Parquet or JSON-lines files (each also `.gz`) and a `drop.yml` is a
source called NAME (small letters, digits and `_`). Start from a template of `templates/`, one per entity.

This page is made from `tables.py` by `python -m pipelines.sources.file_drop`; a test keeps it in step.

## drop.yml

```yaml
brand: aurora                     # from brands.yml
timezone: Europe/Paris            # of times that carry no offset; default UTC
currency: EUR                     # where an entity's currency is not mapped
date_formats: ["%d/%m/%Y %H:%M"]  # tried where a value is not ISO 8601
null_values: ["N/A"]              # texts that mean empty; blank always does
files:
  - match: "sales-*.csv.gz"       # glob in this folder; the first entry that matches counts
    delimiter: ";"                # CSV only; default ,
    encoding: latin-1             # CSV and JSON lines; default utf-8
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
- Text becomes a number in arithmetic; where it cannot, the record goes to quarantine.
- `email`, `phone` and `handle` become tokens before anything lands; the values stay in the vault. A phone needs its
  country (`+33 …`), else it gets no token. Never map them as ids or texts.
- Columns of the file that no mapping names are not read.
- A new version of a file replaces all rows of the old one; a deleted file changes nothing; the same bytes under the
  same mapping land once. A file that no `match` names stops the load.
- A record that breaks a rule of the tables below goes to quarantine with file, record number, column and reason:
  wrong type, impossible date, below the minimum, unknown currency, required and missing, duplicate key, and for the
  record as a whole wrong number of fields or not a JSON object.
- Control totals (by the brand's day and currency) are summed from the raw file by another reader.

## Entities
"""


def page() -> str:
    """README.md of this folder."""
    return _INTRODUCTION + "".join(map(_section, ENTITIES))


def template(table: Table) -> str:
    """A drop.yml for one entity, every column of the file called as the entity's."""
    columns = "\n".join(_line(name, column) for name, column in targets(table).items())
    return (
        f"# {table.description}\n"
        "# The name right of each colon is a column of your file; remove the lines that it does not have.\n"
        "brand: your_brand\ntimezone: UTC\ncurrency: EUR\nfiles:\n"
        f'  - match: "{table.name}*.csv"\n    entities:\n      - entity: {table.name}\n        columns:\n{columns}\n'
    )


def write() -> None:
    """Write the page and the templates into this folder."""
    (FOLDER / "README.md").write_text(page(), encoding="utf-8")
    (FOLDER / "templates").mkdir(exist_ok=True)
    for table in ENTITIES:
        (FOLDER / "templates" / f"{table.name}.yml").write_text(template(table), encoding="utf-8")


def _section(table: Table) -> str:
    rows = "\n".join(_row(name, column) for name, column in targets(table).items())
    key = ", ".join(f"`{name}`" for name in table.key)
    heading = f"\n### {table.name}\n\n{table.description} Key: {key}.\n\n"
    return f"{heading}| column | type | rules | meaning |\n|---|---|---|---|\n{rows}\n"


def _row(name: str, column: Column) -> str:
    return f"| `{name}` | {_type(name, column)} | {', '.join(_rules(column))} | {column.description} |"


def _type(name: str, column: Column) -> str:
    if name in IDENTIFIERS:
        return "identifier"
    if pa.types.is_decimal(column.type):
        return f"decimal, {column.type.scale} places"
    return kind_of_type(column.type)


def _rules(column: Column) -> list[str]:
    rules = ["required"] if column.required else []
    if column.minimum is not None:
        rules.append(f"at least {column.minimum:g}")
    if column.one_of is not None:
        rules.append("one of " + " ".join(sorted(column.one_of)))
    return rules + (["ISO 4217"] if column.is_currency else [])


def _line(name: str, column: Column) -> str:
    rules = ", ".join(_rules(column))
    return f"          {name}: {name}  # {rules + ': ' if rules else ''}{column.description}"
