"""The village's tables, and the form of its answers."""

from collections.abc import Mapping
from typing import Any

from dlt.common.schema.typing import TTableSchema

from .hints import count, currency, decimal, moment, personal, table, text

TABLES: Mapping[str, TTableSchema] = {
    "sales": table(
        "Sales of one thing each.",
        ("sale_id",),
        {
            "sale_id": text("Sale.", required=True),
            "buyer_id": text("Buyer.", required=True),
            "email": personal("email", "The buyer's e-mail."),
            "thing": text("What was sold.", required=True),
            "sold_at": moment("When it was sold.", required=True),
            "price": decimal("What was paid.", required=True),
            "currency": currency(required=True),
        },
        "merge",
    ),
    "notes": table(
        "Notes with their counts as read at a moment.",
        ("note_id",),
        {
            "note_id": text("Note.", required=True),
            "author_id": text("Who wrote it.", required=True),
            "written_at": moment("When it was written.", required=True),
            "hearts": count("Hearts.", required=True),
            "answers": count("Answers.", required=True),
        },
        "append",
    ),
}
FORMS: Mapping[str, Any] = {
    "sales": {
        "sale_id": str,
        "buyer_id": str,
        "email": str,
        "thing": str,
        "sold_at": str,
        "price": str,
        "currency": str,
    },
    "notes": {"note_id": str, "author_id": str, "written_at": str, "hearts": int, "answers": int},
}
