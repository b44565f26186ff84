"""Files as people have them."""

from __future__ import annotations

import json
from pathlib import Path

SHOPIFY_HEAD = (
    "Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,"
    "Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem discount,Shipping Country,Notes,"
    "Cancelled at,Id\n"
)


def german_sales(folder: Path) -> Path:
    """Excel's CSV: semicolons, a byte order mark, decimal commas, quoted quotes and newlines; 1 to 3 lines an order."""
    lines = ["Bestellnummer;Kundennummer;Bestelldatum;Menge;Einzelpreis;Artikelnummer;Artikelbezeichnung;Bemerkung\r\n"]
    for n in range(1, 61):
        for line in range(1 + n % 3):
            day = f"{1 + n % 28:02d}.{1 + n % 12:02d}.2025"
            lines.append(
                f'B{n:04d};K{n % 9};{day};{1 + line};{n % 7},5{line};A{line};"Stuhl ""{line}""";"zwei\r\nZeilen"\r\n'
            )
    return _written(folder / "bestellungen.csv", "".join(lines).encode("utf-8-sig"))


def customers(folder: Path) -> Path:
    """Tabs, accents in cp1252, days only."""
    rows = [f"K{n}\tanna{n}@example.org\t+33 6 12 34 56 {n:02d}\tFR\t2024-01-{n + 1:02d}\tZoë\n" for n in range(9)]
    return _written(
        folder / "kunden.tsv",
        ("customer id\te-mail\tphone\tcountry\tcreated at\tname\n" + "".join(rows)).encode("cp1252"),
    )


def tweets(folder: Path) -> Path:
    """As archives of X have them: times of their own form, counts as texts, no comments, lists beside them."""
    records = [
        {
            "id_str": str(17_000 + n),
            "created_at": f"Fri May 01 10:{n:02d}:00 +0000 2026",
            "full_text": "two\nlines",
            "favorite_count": str(n),
            "retweet_count": n // 2,
            "entities": {"hashtags": []},
        }
        for n in range(30)
    ]
    return _written(folder / "tweets.jsonl", "".join(json.dumps(record) + "\n" for record in records).encode())


def shopify_orders(folder: Path) -> Path:
    """Shopify's export: what is of the order stands on its first line only; every other order has two."""
    rows = []
    for n in range(1, 41):
        at = f"2025-03-{1 + n % 28:02d} 10:23:4{n % 10} -0500"
        rows.append(
            f"#{1000 + n},eve{n}@example.com,paid,{at},USD,25.00,5.00,2.00,32.00,,5.00,{at},2,Cup,10.00,CUP,0.00,US,"
            f'"a\nnote",,{5_000_000_000 + n}\n'
        )
        if n % 2:
            rows.append(f"#{1000 + n},eve{n}@example.com,,,,,,,,,,{at},1,Tea,10.00,TEA,0.00,,,,\n")
    return _written(folder / "orders_export.csv", (SHOPIFY_HEAD + "".join(rows)).encode())


def cdnow(folder: Path, name: str = "cdnow.csv") -> Path:
    """Columns by blanks, and no names: as the CDNOW data set is published."""
    return _written(folder / name, "".join(f" {n:05d} {n:04d} 19970101  2   29.33\n" for n in range(50)).encode())


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
