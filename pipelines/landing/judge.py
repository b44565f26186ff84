"""Judges one extracted table in bulk, in SQL: types, tokens, row rules, and what of it is new.

What is wrong goes to quarantine, which holds no value of a record; what is right leaves as typed Arrow batches. A load
keeps one version of a record: the greatest by `dedup_sort`, then the one that was read last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.landing import columns as rules
from pipelines.landing.vault import Vault
from pipelines.sources import hints
from pipelines.sql import literal, parquet, path_literal, quoted

BATCH_ROWS = 100_000
QUARANTINE: rules.Columns = {
    "source_instance": rules.SYSTEM_COLUMNS["source_instance"],
    "brand_id": hints.text("Brand to which the record belongs."),
    "table_name": hints.text("Table in which the record would have landed.", required=True),
    "source_file": hints.text("File in the inbox folder."),
    "record_number": hints.whole("Position in the file, or among the table's records of the load, from 1."),
    "record_key": hints.text("Keyed digest of the table's key."),
    "record_digest": hints.text("Keyed digest of the whole record: a bad one that is seen again is not new."),
    "column_name": hints.text("First column that broke a rule; NULL: the record as a whole."),
    "value_kind": hints.text("null, text, integer, decimal, boolean or object.", required=True),
    "reason": hints.text("Broken rule.", required=True),
    "_observed_at": rules.SYSTEM_COLUMNS["_observed_at"],
}
MENDED: rules.Columns = {
    "source_instance": rules.SYSTEM_COLUMNS["source_instance"],
    "table_name": hints.text("Table in which the record has landed, or is as it had landed.", required=True),
    "record_key": hints.text("As the quarantine has it.", required=True),
    "_observed_at": rules.SYSTEM_COLUMNS["_observed_at"],
}
BROKEN = "_broken"
"""A column by which a source says why it could not read a record at all."""
FILE, FILE_VERSION, RECORD_NUMBER = "_source_file", "_file_version", "_record_number"
LONGEST_LINE_BYTES = 1 << 27
"""Of dlt's extract files, which hold up to 1,000 records a line; the reader sets that much aside for each thread."""
_JSON_KIND = (
    "case json_type(_doc, {0}) when 'VARCHAR' then 'text' when 'BIGINT' then 'integer' when 'UBIGINT' then 'integer' "
    "when 'DOUBLE' then 'decimal' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'object' "
    "else 'null' end"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a table's records."""

    read: int
    landed: int
    quarantined: int
    mended: int
    """Records in quarantine that are good now."""

    @property
    def is_new(self) -> bool:
        """There is something to land."""
        return bool(self.landed or self.quarantined or self.mended)

    @property
    def known(self) -> int:
        """Records that said nothing new."""
        return self.read - self.landed - self.quarantined


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """One table of one load."""

    con: duckdb.DuckDBPyConnection
    table: rules.Table
    instance: str
    landed_files: Sequence[Path]
    """Files of the table in accepted loads."""
    quarantine_files: Sequence[Path]
    """Files of the instance's quarantine in accepted loads."""
    mended_files: Sequence[Path]
    """Files that say which records of it were mended."""

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.table["name"])

    def run(self, files: Sequence[Path], vault: Vault) -> Verdict:
        """Judge the records of dlt's extract files."""
        self._stage(files)
        for column, (kind, network) in rules.personal(self.table["columns"]).items():
            self._tokenise(column, kind, network, vault)
        self._judge(vault.salt)
        read = self._count("judged")
        if key := rules.key(self.table):
            self._settle_repeated(key, vault.salt)
            self._note_mended(vault.salt)
            if self.table.get("write_disposition") == "merge":
                self._leave_out_landed(key)
        self._leave_out_quarantined()
        self._erase_texts(vault)
        landed = self._count("judged", "_fault is null")
        mended = self._count("mended") if self._knows_bad_ones else 0
        return Verdict(read, landed, self._count("judged") - landed, mended)

    def good(self, constants: Mapping[str, str]) -> Iterator[pa.Table]:
        """Typed batches of the records to land; `constants` are SQL of the system columns."""
        columns = rules.landed(self.table)
        values = [constants.get(name, quoted(name)) for name in columns]
        yield from self._batches(columns, values, "_fault is null")

    def bad(self, constants: Mapping[str, str]) -> Iterator[pa.Table]:
        """Quarantine rows of the bad records."""
        values = {
            **constants,
            "table_name": literal(self.name),
            "source_file": quoted(FILE) if FILE in self.table["columns"] else "null",
            "record_number": quoted(RECORD_NUMBER) if RECORD_NUMBER in self.table["columns"] else "_number",
            "record_key": "_key",
            "record_digest": "_digest",
            "column_name": '_fault."column"',
            "value_kind": "_fault.kind",
            "reason": "_fault.reason",
        }
        yield from self._batches(QUARANTINE, [values[name] for name in QUARANTINE], "_fault is not null")

    def mended(self, constants: Mapping[str, str]) -> Iterator[pa.Table]:
        """Keys of bad records that are good now."""
        if self._knows_bad_ones:
            values = {**constants, "table_name": literal(self.name), "record_key": "record_key"}
            yield from self._batches(MENDED, [values[name] for name in MENDED], "true", "mended")

    def raw(self, path: Path) -> None:
        """Write the answers that the bad records came in, a JSON object a line; only the vault's half may hold them."""
        self.con.execute(f"""
            copy (
                select _number as record_number, _fault."column" as column_name, _fault.reason as reason,
                    {self._document("staged")}::json as record
                from {self._relation("judged")} join {self._relation("staged")} as staged using (_number)
                where _fault is not null order by _number
            ) to {literal(str(path))} (format json)
        """)

    @property
    def _knows_bad_ones(self) -> bool:
        """There may be records in quarantine that are known by a key."""
        return bool(self.quarantine_files and rules.key(self.table))

    def _relation(self, suffix: str) -> str:
        return quoted(f"{self.name} {suffix}")

    def _count(self, suffix: str, where: str = "true") -> int:
        rows = self.con.execute(f"select count(*) from {self._relation(suffix)} where {where}").fetchall()
        return int(rows[0][0])

    def _batches(
        self, columns: rules.Columns, values: Sequence[str], where: str, suffix: str = "judged"
    ) -> Iterator[pa.Table]:
        selected = ", ".join(f"{sql} as {quoted(name)}" for name, sql in zip(columns, values, strict=True))
        schema = rules.arrow_schema(columns)
        query = f"select {selected} from {self._relation(suffix)} where {where}"
        for batch in self.con.cursor().execute(query).to_arrow_reader(BATCH_ROWS):
            yield pa.Table.from_batches([batch]).cast(schema)

    def _stage(self, files: Sequence[Path]) -> None:
        """Relation of `_number`, `_doc` (JSON, if it came as such), `_broken` and each declared column as text.

        Kept only where it is read twice, for the vault: else the judge reads it on its way, in half the time.
        """
        lines = [path for path in files if path.suffix != ".parquet"]
        tables = [path for path in files if path.suffix == ".parquet"]
        parts = [self._documents(lines)] if lines else []
        parts += [self._arrow(tables)] if tables else []
        nothing = ", ".join(f"null::varchar as {quoted(name)}" for name in self._columns)
        parts = parts or [f"select null::json as _doc, null::varchar as {BROKEN}, {nothing} where false"]
        self.con.execute(f"""
            create {"table" if rules.personal(self._columns) else "view"} {self._relation("staged")} as
            select row_number() over () as _number, * from ({" union all by name ".join(parts)})
        """)

    @property
    def _columns(self) -> rules.Columns:
        columns: rules.Columns = self.table["columns"]
        return columns

    def _documents(self, files: Sequence[Path]) -> str:
        """dlt writes dicts as lines of lists."""
        listed = ", ".join(map(path_literal, files))
        fields = ", ".join(f"field.{quoted(name)}" for name in (*self._columns, BROKEN))
        structure = literal(rules.struct((*self._columns, BROKEN)))
        return f"""
            select _doc, {fields} from (
                select _doc, json_transform(_doc, {structure}) as field from (
                    select unnest(from_json(json, '["JSON"]')) as _doc
                    from read_ndjson_objects([{listed}], maximum_object_size = {LONGEST_LINE_BYTES})))
        """

    def _arrow(self, files: Sequence[Path]) -> str:
        """Arrow tables lie as Parquet."""
        scan = parquet(files)
        found = {row[0] for row in self.con.execute(f"describe select * from {scan}").fetchall()}
        fields = ", ".join(
            f"{quoted(name) if name in found else 'null'}::varchar as {quoted(name)}"
            for name in (*self._columns, BROKEN)
        )
        return f"select null::json as _doc, {fields} from {scan}"

    def _document(self, staged: str) -> str:
        """SQL of the record as JSON text."""
        columns = ", ".join(f"{quoted(name)} := {staged}.{quoted(name)}" for name in self._columns)
        return f"coalesce({staged}._doc::varchar, to_json(struct_pack({columns}))::varchar)"

    def _tokenise(self, column: str, kind: str, network: str, vault: Vault) -> None:
        """One call of the vault for all values of a column."""
        found = self.con.execute(f"""
            select distinct {self._vaulted(column, kind)} as value
            from {self._relation("staged")} as staged where nullif({quoted(column)}, '') is not null
        """).to_arrow_table()
        values: list[str] = found["value"].to_pylist()
        tokens = pa.array(vault.tokens(kind, values, network), pa.string())
        self.con.register("tokens", pa.table({"value": pa.array(values, pa.string()), "token": tokens}))
        self.con.execute(f"create table {self._relation(column)} as from tokens")
        self.con.unregister("tokens")

    def _vaulted(self, column: str, kind: str) -> str:
        """SQL of what the vault keeps. A text is its record's own: equal ones are not linked, and go one by one."""
        value = f"staged.{quoted(column)}"
        if kind != "text":
            return value
        key = [f"staged.{quoted(name)}" for name, hint in self._columns.items() if hint.get("primary_key")]
        return f"concat_ws('|', {', '.join([literal(self.instance), literal(self.name), *key])}) || chr(10) || {value}"

    def _judge(self, salt: str) -> None:
        """Relation of typed columns under their landed names, with `_number`, `_key`, `_digest` and `_fault`."""
        said = rules.personal(self._columns)
        raw = {name: f"staged.{quoted(name)}" for name in self._columns}
        value = raw | {name: f"{quoted('token ' + name)}.token" for name in said}
        joins = "".join(
            f" left join {self._relation(name)} as {quoted('token ' + name)}"
            f" on {quoted('token ' + name)}.value = {self._vaulted(name, kind)}"
            for name, (kind, _) in said.items()
        )
        typed = ", ".join(
            f"{rules.typed(sql, self._columns[name])} as {quoted('typed ' + name)}" for name, sql in value.items()
        )
        out = [
            f"{quoted('typed ' + name)} as {quoted(rules.landed_name(name, c))}" for name, c in self._columns.items()
        ]
        out += [
            f"length({quoted(name)})::bigint as {quoted(name + '_length')}"
            for name, (kind, _) in said.items()
            if kind == "text"
        ]
        names = [f"{quoted('typed ' + name)}::varchar" for name, c in self._columns.items() if c.get("primary_key")]
        key = f"concat_ws('|', {', '.join(names)})" if names else "null"
        self.con.execute(f"""
            create table {self._relation("judged")} as
            select * exclude (_raw_document),
                case when _fault is not null then sha256({literal(salt)} || _raw_key) end as _key,
                case when _fault is not null then sha256({literal(salt)} || _raw_document) end as _digest
            from (
                select _number, {", ".join(out)}, {key} as _raw_key,
                    case {" ".join(self._faults())} end as _fault,
                    case when _fault is not null then {self._document("typed")} end as _raw_document
                from (select staged.*, {typed} from {self._relation("staged")} as staged{joins}) as typed
            )
        """)

    def _faults(self) -> Iterator[str]:
        """WHEN clauses that name the first broken rule of a record; kinds are found for bad records only."""
        yield f"when {BROKEN} is not null then {_fault(None, literal('text'), BROKEN)}"
        for name, column in self._columns.items():
            path = literal('$."' + name.replace('"', '\\"') + '"')
            kind = f"(case when _doc is null then 'text' else {_JSON_KIND.format(path)} end)"
            for condition, reason in rules.faults(name, column, quoted(name), quoted("typed " + name), kind):
                yield f"when {condition} then {_fault(name, kind, literal(reason))}"

    def _settle_repeated(self, key: Sequence[str], salt: str) -> None:
        """One record a key: a repeated one is a fault of a file, and anywhere else an older version.

        Grouping finds the few repeated keys in a third of the time of a window over all records.
        """
        judged, is_fault = self._relation("judged"), self.table.get("x-repeated-key") == "quarantine"
        names = [*key, *(name for name in (FILE, FILE_VERSION) if is_fault and name in self._columns)]
        keys = ", ".join(map(quoted, dict.fromkeys(names)))
        newest = [f"{quoted(name)} desc nulls last" for name in rules.version(self.table)]
        order = "_number" if is_fault else ", ".join([*newest, "_number desc"])
        self.con.execute(f"""
            create or replace temp table repeated as
            select _number from (
                select _number, row_number() over (partition by {keys} order by {order}) as place
                from {judged} as judged semi join (
                    select {keys} from {judged} where _fault is null group by all having count(*) > 1
                ) as several on {_same("judged", "several", names)}
                where _fault is null)
            where place > 1
        """)
        if is_fault:
            fault = _fault(key[0], literal("text"), literal("duplicate key"))
            self.con.execute(f"""
                update {judged} as judged set _fault = {fault}, _key = sha256({literal(salt)} || _raw_key),
                    _digest = sha256({literal(salt)} || {self._document("staged")})
                from {self._relation("staged")} as staged
                where judged._number = staged._number and judged._number in (from repeated)
            """)
        else:
            self.con.execute(f"delete from {judged} where _number in (from repeated)")

    def _note_mended(self, salt: str) -> None:
        """Relation of the keys by which quarantine knows records that are good now, unless that is said already."""
        if not self._knows_bad_ones:
            return
        said = parquet(self.mended_files) if self.mended_files else None
        self.con.execute(f"""
            create table {self._relation("mended")} as
            select distinct known.record_key
            from ({rules.view(QUARANTINE, parquet(self.quarantine_files))}) as known
            semi join {self._relation("judged")} as judged
                on _fault is null and known.record_key = sha256({literal(salt)} || _raw_key)
            anti join ({rules.view(MENDED, said)}) as said
                on said.table_name = known.table_name and said.record_key = known.record_key
                and said._dlt_load_id > known._dlt_load_id
            where known.table_name = {literal(self.name)}
        """)

    def _leave_out_landed(self, key: Sequence[str]) -> None:
        """What equals the newest landed version of its record is not new; what is older than it, an index that lags."""
        if not self.landed_files:
            return
        is_older = [f"judged.{quoted(name)} < landed.{quoted(name)}" for name in rules.version(self.table)]
        is_same = _same("judged", "landed", list(rules.declared(self.table)))
        self.con.execute(f"""
            delete from {self._relation("judged")} where _number in (
                select _number from {self._relation("judged")} as judged
                join ({self._newest_landed(key)}) as landed on {_same("judged", "landed", key)}
                where judged._fault is null and ({" or ".join([f"({is_same})", *is_older])}))
        """)

    def _newest_landed(self, key: Sequence[str]) -> str:
        """SELECT of the newest landed version of each record that is judged."""
        view = rules.view(rules.declared(self.table), parquet(self.landed_files))
        return f"""
            select * from ({view}) as versions
            semi join {self._relation("judged")} as judged on {_same("versions", "judged", key)}
            qualify row_number() over (partition by {", ".join(map(quoted, key))} order by _dlt_load_id desc) = 1
        """

    def _leave_out_quarantined(self) -> None:
        """A bad record that is seen again is not new; but a file's version lands whole."""
        if not self.quarantine_files or FILE in self._columns:
            return
        self.con.execute(f"""
            delete from {self._relation("judged")} where _number in (
                select _number from {self._relation("judged")}
                join ({rules.view(QUARANTINE, parquet(self.quarantine_files))}) as known
                    on known.table_name = {literal(self.name)} and known.record_digest = _digest
                    and known.reason = _fault.reason and known.column_name is not distinct from _fault."column"
                where _fault is not null)
        """)

    def _erase_texts(self, vault: Vault) -> None:
        """What was written in a record that is gone leaves the vault."""
        texts = [f"{name}_token" for name, (kind, _) in rules.personal(self._columns).items() if kind == "text"]
        gone = " or ".join(map(quoted, rules.erases(self.table)))
        if not (texts and gone and self.landed_files):
            return
        key = rules.key(self.table)
        view = rules.view(rules.declared(self.table), parquet(self.landed_files))
        for text in texts:
            found = self.con.execute(f"""
                select distinct {quoted(text)} from ({view}) as versions
                semi join (from {self._relation("judged")} where {gone}) as gone on {_same("versions", "gone", key)}
                where {quoted(text)} is not null
            """)
            vault.erase(token for (token,) in found.fetchall())


def _fault(column: str | None, kind: str, reason: str) -> str:
    return f'{{"column": {literal(column)}::varchar, kind: {kind}, reason: {reason}}}'


def _same(left: str, right: str, names: Sequence[str]) -> str:
    return " and ".join(f"{left}.{quoted(name)} is not distinct from {right}.{quoted(name)}" for name in names)
