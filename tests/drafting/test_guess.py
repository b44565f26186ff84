"""How values are written, what columns are called, and which entity that makes of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.drafting.content import numbers_of, times_of
from pipelines.drafting.draft import draft
from pipelines.drafting.guess import Brand, Facts, number
from pipelines.drafting.names import plain, worth
from pipelines.drafting.tables import Column, look_at
from pipelines.sources.file_drop.mapping import read_drop
from pipelines.sources.file_drop.settings import ENTITIES, targets

BRAND = Brand("aurora", "Europe/Paris", "EUR")
HEADS = {
    "customers": "Kundennummer;E-Mail;Telefon;Land\n7;a@example.org;+33 612345678;FR",
    "orders": "N° commande;Code client;Date de commande;Montant HT\nC1;7;2026-05-01;3",
    "order_lines": "Pedido;Línea;Producto;Cantidad;Precio unitario\nP1;1;A;2;3",
    "refunds": "Erstattungsnummer;Bestellnummer;Erstattungsdatum;Erstattungsbetrag\nR1;B1;2026-05-01;3",
    "products": "Codice prodotto;Nome prodotto;Categoria\nA;Tazza;Casa",
    "posts": "Platform;Profile;Post ID;Published at;Caption\nig;a;1;2026-05-01 10:00;x",
    "post_readings": "Netzwerk;Konto;Post ID;Abgerufen am;Gefällt mir;Kommentare\nfb;a;1;2026-05-01;3;4",
    "account_readings": "Réseau;Compte;Date relevé;Abonnés\nyt;a;2026-05-01;3",
    "exchange_rates": "Date;Currency;Rate\n2026-05-01;USD;1.1",
}


@pytest.mark.parametrize("entity", HEADS)
def test_an_entity_is_recognised_by_its_usual_names(tmp_path: Path, entity: str) -> None:
    path = tmp_path / "file.csv"
    path.write_text(HEADS[entity] + "\n", encoding="utf-8")
    drafted = draft([look_at(path)], BRAND, "shop")
    assert entity in drafted.entities["file.csv"]
    (tmp_path / "drop.yml").write_text(drafted.text, encoding="utf-8")
    mapped = {e.entity: e for e in read_drop(tmp_path).files[0].entities}[entity]
    used = {column for column in mapped.columns.values() if column.column or "expression" in column.model_fields_set}
    assert len(used) >= len(HEADS[entity].split("\n")[0].split(";")) - 1


def test_every_spelling_is_of_a_column_and_plain() -> None:
    for entity in ENTITIES:
        assert set(worth(entity)) <= set(targets(entity))
        for names in worth(entity).values():
            assert [name for name in names if name != plain(name)] == []


@pytest.mark.parametrize(
    ("values", "month_first", "formats", "is_ambiguous"),
    [
        (["2026-05-01", "2026-05-02"], False, (), False),
        (["01/02/2026", "03/04/2026"], False, ("%d/%m/%Y",), True),
        (["01/02/2026", "03/04/2026"], True, ("%m/%d/%Y",), True),
        (["01/02/2026", "03/24/2026"], False, ("%m/%d/%Y",), False),
        (["1.2.2026 9:05"], False, ("%d.%m.%Y %H:%M",), False),
        (["19970101"], False, ("%Y%m%d",), False),
    ],
)
def test_times(values: list[str], month_first: bool, formats: tuple[str, ...], is_ambiguous: bool) -> None:
    found = times_of(values, month_first)
    assert found
    assert (found.formats, found.is_ambiguous) == (formats, is_ambiguous)


@pytest.mark.parametrize("values", [["soon"], [""], ["2026-13"], []])
def test_no_times(values: list[str]) -> None:
    assert times_of(values, month_first=False) is None


@pytest.mark.parametrize(
    ("values", "amounts"),
    [
        (["1.5", "2"], [1.5, 2]),
        (["1,5", "2,25"], [1.5, 2.25]),
        (["1.234,50", "7"], [1234.5, 7]),
        (["1,234.50", "7"], [1234.5, 7]),
        (["1,234", "12,345"], [1234, 12345]),
        (["€ 12,50", "€ 3"], [12.5, 3]),
        (["$1,200.00"], [1200]),
        (["1 234,5"], [1234.5]),
    ],
)
def test_numbers(values: list[str], amounts: list[float]) -> None:
    fact = Facts(Column("a", values), "a", month_first=False)
    assert fact.numbers
    assert [fact.amount(value) for value in values] == amounts


def test_a_number_in_an_expression() -> None:
    numbers = numbers_of(["€ 1.234,50"])
    assert numbers
    column = '"a ""b"""'
    expected = f"trim(replace(replace(replace(replace({column}, '€', ''), '.', ''), ' ', ''), ',', '.'))"
    assert number('a "b"', numbers) == expected


@pytest.mark.parametrize("name", ['a: b # "c"', "- x", "{y}", "'z'", "a\tb", "é\u2028f", "%", "& *"])
def test_a_column_of_any_name_is_written_so_that_it_is_read_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file.parquet"
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"order id": ["1"], "order date": ["2026-05-01"], name: ["x"]}), path)
    text = draft([look_at(path)], BRAND, "shop").text
    (tmp_path / "drop.yml").write_text(text, encoding="utf-8")
    assert read_drop(tmp_path).files[0].names == {"order id", "order date"}
