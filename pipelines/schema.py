"""The vocabulary in which every source declares its landing tables: columns, types, row rules and keys.

What a single row can show to be wrong is declared here, on the column; what only a whole load can show is
checked by `expectations`. No source logic and no I/O belongs here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa

TEXT = pa.string()
INTEGER = pa.int64()
BOOLEAN = pa.bool_()
DOUBLE = pa.float64()
DATE = pa.date32()
TIMESTAMP = pa.timestamp("us", tz="UTC")
MONEY = pa.decimal128(18, 4)
RATE = pa.decimal128(18, 8)


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column of a landing table; a value that breaks a rule sends its row to quarantine."""

    name: str
    type: pa.DataType
    description: str
    required: bool = False
    minimum: float | None = None
    one_of: frozenset[str] | None = None
    is_currency: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A landing table of one source kind. `key` names the record, within a source instance and an observation."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    system_columns: tuple[Column, ...] = field(default=())

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Declared columns followed by the ones that the loader fills."""
        return self.columns + self.system_columns

    @property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema of a batch of this table, in the declared order."""
        return pa.schema([pa.field(c.name, c.type, nullable=not c.required) for c in self.all_columns])


SYSTEM_COLUMNS = (
    Column("brand_id", TEXT, "Brand to which the record belongs.", required=True),
    Column("source_instance", TEXT, "Configured source that delivered the record.", required=True),
    Column("_observed_at", TIMESTAMP, "Business clock when the record was read.", required=True),
    Column("_extra", TEXT, "Allowed fields beyond the declared ones, as one JSON object."),
)
FILE_COLUMNS = (
    Column("_source_file", TEXT, "File in the inbox folder, relative to it.", required=True),
    Column("_file_version", TEXT, "SHA-256 of the file's bytes.", required=True),
    Column("_record_number", INTEGER, "Record's position in the file, from 1.", required=True),
)


def table(name: str, description: str, key: Iterable[str], columns: Iterable[Column]) -> Table:
    """A table as an API source lands it: its columns and the loader's."""
    return Table(name, description, tuple(key), tuple(columns), SYSTEM_COLUMNS)


def file_table(name: str, description: str, key: Iterable[str], columns: Iterable[Column]) -> Table:
    """A table as a file drop lands it: each record also says where in which file it stood."""
    return Table(name, description, tuple(key), tuple(columns), SYSTEM_COLUMNS + FILE_COLUMNS)
