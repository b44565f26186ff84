"""Random drops, mappings and brands: whatever comes, it is read or refused in one line, soon, and without quoting."""

from __future__ import annotations

import gzip
import random
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.brands import load_brands
from pipelines.errors import PipelineError
from pipelines.sources.file_drop.configuration import Configuration
from pipelines.sources.file_drop.files import drop_files
from pipelines.sources.file_drop.mapping import read_drop
from pipelines.sources.file_drop.reader import Reader
from tests.sources.file_drop.dropped import SALES, SALES_CSV, chain

ROUNDS = 15
"""So many cases a target; all of them take some 20 seconds."""
SECRET = "zq7secret"
BRANDS = """\
reporting_currency: EUR
value_bands: {low: 0, high: 400}
quality: {quarantine_max_share: 0.02}
brands:
  aurora: {name: Aurora, ownership: own, timezone: Europe/Paris, competitors: [borealis], accounts: {x: ["1"]}}
  borealis: {name: Borealis, ownership: competitor, timezone: UTC}
sources:
  aurora_shopify: {kind: shopify, brand: aurora, base_url: "https://a.myshopify.com", api_version: "2026-01"}
"""
WORDS: list[Any] = [
    *("", " ", "\n", "no", "line", "who", "time", "unit price", "_record_number", "_broken", "NO", "../..", "/etc/*"),
    *("**a", "**", "**/*", "[", "[!]", "[z-a]", "{}", "*", "?", "é" * 300, "a" * 5000, "((((", "1/0", "'", '"', "--"),
    *("/*", ";", "select 1", "%d", "%Q", "%%", "hex", "zlib", "rot13", "idna", "punycode", "undefined", "utf-7"),
    *("unicode_escape", "utf-16", "utf-32", "utf-8-sig", "cp037", "mbcs", "\0", "\x1b[31m", "🦊", "\u202e", "-1"),
    *("1e999", "nan", "null", "true", "2026-02-30", "EUR", "customers", "orders", "exchange_rates", "email", "aurora"),
    *("Europe/Paris", "localtime", "UTC+1", "\t", "é", [], {}, None, ["a"] * 50, {"a": {"b": {"c": {}}}}, 7, -1.5),
    *(True, {"column": "no"}, {"constant": "x"}, {"expression": "1"}),
]
PIECES = [
    *(
        b"",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b'"',
        b'""',
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b",",
        b"\x1f\x8b",
        b"PAR1",
    ),
    *(b"x" * 3000, b"[" * 3000, b"9" * 5000, b"{", b"}", b"\\", b"\\u0000", b"\\ud800", b"<", b"1e999", b"-", b"epoch"),
    *(b"anna@example.org", b"2026-02-30", b"0001-01-01", b"infinity", b"true", b"&a", b"*a", b": ", b"- ", b"!!int x"),
]
NUMBERS = ["units", '"unit price"', "off", "_record_number", "line", "1", "0", "-3", "1.5", "9" * 40, "1e308", "null"]
TEXTS = ["no", "line", "who", "time", "units", "''", "'x'", "' '", "'1'", "null"]
WRONG = [
    "nothing",
    "select 1",
    "date '2026-01-01'",
    "a.b",
    "md5(no)",
    "now()",
    "no::int",
    "no -> 'a'",
    "*",
    "$1",
    "(",
    "'",
    "[1]",
]


def expression(rng: random.Random, kind: str = "", depth: int = 0) -> str:
    """A random expression; most are right."""
    kind = kind or rng.choice(["number", "text", "condition"])
    if rng.random() < 0.01:
        return rng.choice(WRONG)
    if depth > 3 or (kind != "condition" and rng.random() < 0.3):
        return "true" if kind == "condition" else rng.choice(NUMBERS if kind == "number" else TEXTS)
    one, two, text, words = (expression(rng, of, depth + 1) for of in ("number", "number", "text", "text"))
    if kind == "number":
        forms = [f"({one} {rng.choice('+-*/%')} {two})", f"round({one}, 2)", f"abs({one})", f"greatest({one}, {two})"]
        forms += [f"length({text})", f"floor({one})", f"nullif({one}, {two})"]
    elif kind == "text":
        forms = [
            f"({text} || {words})",
            f"upper({text})",
            f"coalesce({text}, {words})",
            f"split_part({text}, {words}, 1)",
        ]
        forms += [f"left({text}, 3)", f"substring({text}, 2, 2)", f"replace({text}, {words}, 'x')", f"trim({text})"]
    else:
        forms = [f"{one} {rng.choice(['<', '>=', '=', '<>'])} {two}", f"{text} is not null", f"{text} = {words}"]
        forms += [f"not ({text} = {words})", f"{one} between 1 and 3", f"{text} in ('1', 'x')"]
        return rng.choice(forms)
    if rng.random() < 0.2:
        return (
            f"case when {expression(rng, 'condition', depth + 1)} then {rng.choice(forms)} else {rng.choice(forms)} end"
        )
    return rng.choice(forms)


def bent(rng: random.Random, content: bytes) -> bytes:
    """Bytes with some of them cut, doubled, overwritten or put in."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randint(0, len(content))
        end = min(len(content), start + rng.choice([0, 1, 3, 40, 1000]))
        part = rng.choice([b"", content[start:end] * 2, rng.choice(PIECES), rng.randbytes(rng.randint(1, 8))])
        content = content[:start] + part + content[end:]
    return content


def twisted(rng: random.Random, node: Any) -> Any:
    """A document with one of its values or keys changed for another of any kind."""
    if isinstance(node, dict) and node and rng.random() < 0.85:
        key = rng.choice(list(node))
        if rng.random() < 0.1:
            return {k: v for k, v in node.items() if k != key}
        if rng.random() < 0.1:
            return {**node, str(rng.choice(WORDS))[:50]: node[key]}
        return {**node, key: twisted(rng, node[key])}
    if isinstance(node, list) and node and rng.random() < 0.85:
        at = rng.randrange(len(node))
        return [*node[:at], twisted(rng, node[at]), *node[at + 1 :]] if rng.random() < 0.9 else node * rng.randint(0, 3)
    return rng.choice(WORDS) if rng.random() < 0.6 else expression(rng)


def mapping(rng: random.Random) -> bytes:
    text = "brand: aurora\n" + SALES
    if rng.random() < 0.3:
        return bent(rng, text.encode())
    document = yaml.load(text, Loader=yaml.BaseLoader)
    for _ in range(rng.randint(1, 3)):
        document = twisted(rng, document)
    return yaml.safe_dump(document, allow_unicode=True).encode()


def content(rng: random.Random, ending: str) -> bytes:
    text = SALES_CSV.replace("anna", SECRET)
    if ending == "csv":
        plain = text.encode(rng.choice(["utf-8", "utf-8", "utf-8", "utf-16", "cp1252"]))
    else:
        keys, *rows = [line.split(",") for line in text.splitlines()]
        if ending == "jsonl":
            quoted = [", ".join(f'"{k}": "{v}"' for k, v in zip(keys, row, strict=True)) for row in rows]
            plain = "".join(f"{{{fields}}}\n" for fields in quoted).encode()
        else:
            sink = pa.BufferOutputStream()
            types = [
                pa.string(),
                pa.float64(),
                pa.int32(),
                pa.timestamp("us"),
                pa.binary(),
                pa.list_(pa.string()),
                pa.bool_(),
            ]
            columns = {
                k: _column(list(values), rng.choice(types))
                for k, values in zip(keys, zip(*rows, strict=True), strict=True)
            }
            pq.write_table(pa.table(columns), sink)
            plain = sink.getvalue().to_pybytes()
    return bent(rng, plain) if rng.random() < 0.8 else plain


def _column(values: list[str], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, pa.string()).cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return (
            pa.array([None] * len(values), kind)
            if not pa.types.is_list(kind)
            else pa.array([[v] for v in values], kind)
        )


def holds(case: Callable[[], object], what: str) -> bool:
    """Run a case: it ends well, or in one line, soon, and without a value of a file. True: it was refused."""
    began, error = time.monotonic(), None
    try:
        case()
    except PipelineError as refused:
        error = refused
    except Exception as other:
        raise AssertionError(f"{what}: {type(other).__name__}: {other!s:.300}") from other
    finally:
        assert time.monotonic() - began < 20, what
    if error is None:
        return False
    kept = "\n".join(map(str, chain(error)))
    assert str(error).isprintable(), f"{what}: {error!s:.500}"
    assert SECRET not in kept, f"{what}: {kept:.500}"
    assert len(str(error)) < 4000, f"{what}: {len(str(error))}"
    return True


def read_all(folder: Path, work_dir: Path) -> None:
    """Everything that the source does with a folder, without what dlt adds to each case."""
    drop = read_drop(folder)
    reader = Reader(drop, "Europe/Paris", str(work_dir))
    for file in drop_files(folder, drop):
        for part in reader.parts(file, file.sha256(), file.state()):
            for rows in part.rows():
                assert {str(kind) for kind in rows.schema.types} <= {"string", "int64"}


def bent_file(rng: random.Random, folder: Path, work_dir: Path) -> Callable[[], object]:
    ending = rng.choice(["csv", "jsonl", "parquet"])
    packed = rng.random() < 0.3
    plain = content(rng, ending)
    name = f"sales.{ending}" + ".gz" * packed
    raw = gzip.compress(plain, mtime=0) if packed else plain
    (folder / name).write_bytes(bent(rng, raw) if packed and rng.random() < 0.3 else raw)
    encoding = rng.choice(["", "", "    encoding: utf-16\n", "    encoding: cp1252\n", "    encoding: utf-7\n"])
    (folder / "drop.yml").write_text("brand: aurora\n" + SALES.replace('"sales*"\n', f'"sales*"\n{encoding}'))
    return lambda: read_all(folder, work_dir)


def computed(rng: random.Random, folder: Path, work_dir: Path) -> Callable[[], object]:
    """Good files under mappings of random expressions."""
    ending = rng.choice(["csv", "jsonl"])
    plain = content(random.Random(0), ending) if rng.random() < 0.5 else content(rng, ending)
    (folder / f"sales.{ending}").write_bytes(plain)
    document = yaml.load("brand: aurora\n" + SALES, Loader=yaml.BaseLoader)
    for entity in document["files"][0]["entities"]:
        for name in rng.sample(list(entity["columns"]), 2):
            entity["columns"][name] = {"expression": expression(rng)}
        if rng.random() < 0.3:
            entity["where"] = expression(rng, "condition")
    (folder / "drop.yml").write_text(yaml.safe_dump(document))
    return lambda: read_all(folder, work_dir)


def twisted_mapping(rng: random.Random, folder: Path, work_dir: Path) -> Callable[[], object]:
    (folder / "sales.csv").write_text(SALES_CSV.replace("anna", SECRET))
    (folder / "drop.yml").write_bytes(mapping(rng))
    brands = {"aurora": SimpleNamespace(timezone="Europe/Paris")}

    def case() -> None:
        assert list(Configuration.found(folder.parent, brands, frozenset())) == [folder.name]
        read_all(folder, work_dir)

    return case


def twisted_brands(rng: random.Random, folder: Path, work_dir: Path) -> Callable[[], object]:
    path = folder / "brands.yml"
    if rng.random() < 0.4:
        path.write_bytes(bent(rng, BRANDS.encode()))
    else:
        document = twisted(rng, twisted(rng, yaml.safe_load(BRANDS)))
        path.write_text(yaml.safe_dump(document, allow_unicode=True))
    return lambda: load_brands(path)


TARGETS = {"file": bent_file, "expressions": computed, "drop.yml": twisted_mapping, "brands.yml": twisted_brands}
MOST = {"file": 4, "expressions": 3, "drop.yml": 4, "brands.yml": 6}
"""Cases of a target in each round."""


def run(target: str, seeds: range, root: Path) -> tuple[int, int]:
    """Cases that were read and that were refused."""
    read = refused = 0
    for seed in seeds:
        folder, work_dir = root / f"{seed}" / "shop", root / f"{seed}" / "work"
        folder.mkdir(parents=True)
        work_dir.mkdir()
        is_refused = holds(TARGETS[target](random.Random(f"{target} {seed}"), folder, work_dir), f"{target} {seed}")
        refused += is_refused
        read += not is_refused
    return read, refused


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_but_a_line_comes_of_it(target, tmp_path):
    read, refused = run(target, range(ROUNDS * MOST[target]), tmp_path)
    assert read + refused == ROUNDS * MOST[target]
    assert min(read, refused) > 0
