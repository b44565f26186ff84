"""What Shopify in particular can get wrong, and records that are odd."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.hostile.changes import MISSING, after, all_together, answer, body, first, one_each, put, raw
from tests.hostile.general import WELL
from tests.hostile.oddities import Odd, member
from tests.hostile.shopify_vendor import Shopify, cost, error, line, money, refund
from tests.hostile.trial import Case, Exact, Refused
from tests.hostile.vendor import once_given

ORDERS, ONE = "data.orders", "data.orders.nodes.0"
MONEY = "totalPriceSet.shopMoney.amount"
LATE = "2026-06-30T21:00:00Z"
LATE_MOMENT = datetime(2026, 6, 30, 21, tzinfo=UTC)
MOMENT = datetime(2026, 6, 2, 10, 0, 2, tzinfo=UTC)
TIMES = {
    "2026-06-02T12:00:02+02:00": MOMENT,
    "2026-06-02T05:30:02-04:30": MOMENT,
    "2026-06-02T10:00:02.000Z": MOMENT,
    "2026-06-02T10:00:02.987654321Z": MOMENT.replace(microsecond=987_654),
    "2026-06-02T10:00Z": MOMENT.replace(second=0),
    "2026-06-02 10:00:02": MOMENT,
}


def cases() -> list[Case]:
    """All of them."""
    return [case for part in (_errors, _costs, _records, _nested, _reports, _moves) for case in part()]


def _errors() -> Iterator[Case]:
    words = "the vendor's words"
    for code, status in {"ACCESS_DENIED": 403, "UNDEFINED_FIELD": 400, "MAX_COST_EXCEEDED": 400, None: 400}.items():
        yield Case(f"200 with {code}", answer(error(words, code)), Refused(f"{status} .*{words}"))
    codes = ("THROTTLED", "INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE")
    for code in codes:
        passing = Refused(f"(429|503) .*{words}.*run again later")
        yield Case(f"200 with {code} for ever", answer(error(words, code)), passing)
    yield Case("200 with what passes", one_each(*(answer(error(words, code)) for code in codes)), WELL)
    partial = body(lambda content: {**content, **error(words, "INTERNAL")})
    yield Case("data and errors", partial, Refused(f"400 .*{words}"))
    yield Case("data and errors on a later page", after(1, partial), Refused(words), is_loaded_again=True)
    yield Case(
        "a part that is missing for an error", body(lambda c: {**c, "data": None, **error(words, None)}), Refused(words)
    )
    yield Case("no errors, said", one_each(put("errors", []), put("errors", None)), WELL)
    for kind, errors in {"a text": words, "an object": {"message": words}, "a list of texts": [words]}.items():
        yield Case(f"{kind} for errors", answer({"errors": errors}), Refused(f"400 .*{words}"))
    yield Case("a list of lists for errors", answer({"errors": [[1]]}), Refused("400 "))
    yield Case(
        "a list for the extensions of an error",
        answer({"errors": [{"message": words, "extensions": []}]}),
        Refused(words),
    )
    for kind, data in {"null": None, "a list": [], "a text": "no"}.items():
        yield Case(f"{kind} for the data", answer({"data": data}), Refused(f"data is {kind}, not an object"))
    yield Case("no data", answer({"extensions": {"cost": cost()}}), Refused("data is missing"))
    yield Case("null for the list", put(ORDERS, None), Refused("data.orders is null, not an object"))
    older = raw(bytes, X_Shopify_API_Version="2027-01")
    yield Case("a version that nobody asked for", older, Refused("API version 2026-10 is not served any more"))
    for status in (402, 423, 430):
        told = Refused("the vendor's words" if status == 402 else "run again later")
        yield Case(f"{status} for ever", answer({"errors": words}, status), told)
    yield Case("430, once", first(1, answer({"errors": words}, 430)), WELL)


def _costs() -> Iterator[Case]:
    bucket = "extensions.cost.throttleStatus"
    empty, below = put("extensions.cost", cost(0.0, 900.0)), put("extensions.cost", cost(-1e9, 42.0))
    yield Case("an empty bucket, never filled", one_each(empty, put(f"{bucket}.restoreRate", 0), below), WELL)
    yield Case("no cost", one_each(put("extensions", MISSING), put("extensions.cost", None)), WELL)
    for kind, value in {"a text": "many", "a list": [], "an object": {}}.items():
        told = Refused(rf"currentlyAvailable is {kind}, not a")
        yield Case(f"{kind} for what is in the bucket", put(f"{bucket}.currentlyAvailable", value), told)
    costly = error("Query cost is 2,112, which exceeds the single query max cost limit (1000).", "MAX_COST_EXCEEDED")
    yield Case("a page that costs too much, four times", first(4, answer(costly)), WELL)


def _records() -> Iterator[Case]:
    for kind, value in {"a whole number": 5, "a number": 23.8, "null": None, "an object": {}}.items():
        wrong = put(f"{ONE}.{MONEY}", value)
        yield Case(f"{kind} for an amount", wrong, Refused(rf"shopMoney\.amount is {kind}, not a text"))
    for name in ("name", "createdAt", "updatedAt", "processedAt", "currencyCode", "totalPriceSet", "lineItems"):
        yield Case(f"no {name}", put(f"{ONE}.{name}", MISSING), Refused(rf"nodes\[0\]\.{name} is missing"))
        yield Case(f"null for {name}", put(f"{ONE}.{name}", None), Refused(rf"nodes\[0\]\.{name} is null, not"))
    for kind, value in {"a text": "false", "a whole number": 0, "null": None}.items():
        yield Case(f"{kind} for a test", put(f"{ONE}.test", value), Refused(rf"test is {kind}, not true or false"))
    for kind, value in {"a text": "501", "a whole number": 501, "a list": []}.items():
        yield Case(
            f"{kind} for a customer", put(f"{ONE}.customer", value), Refused(rf"customer is {kind}, not an object")
        )
    guest = {"customer_id": None}
    yield Case("a guest", first(1, put(f"{ONE}.customer", None)), Exact({"orders": {("1001",): guest}}))
    refunded = "data.orders.nodes.2.refunds"
    for kind, value in {"null": None, "an object": {"nodes": []}}.items():
        yield Case(
            f"{kind} for the refunds", first(1, put(refunded, value)), Refused(rf"refunds is {kind}, not a list")
        )
    yield Case(
        "null for a refund", first(1, put(f"{refunded}.0", None)), Refused(r"refunds\[0\] is null, not an object")
    )
    unknown = first(1, put(f"{refunded}.0.refundLineItems.nodes.0.lineItem", None))
    yield Case("a refund of no line", unknown, Refused("lineItem is null, not an object"))


def _nested() -> Iterator[Case]:
    spot, nodes, page = "more_lines", "data.node.nested.nodes", "data.node.nested.pageInfo"
    yield Case(
        "null for more lines", put(nodes, None), Refused("nested.nodes is null, not a list"), spot, is_loaded_again=True
    )
    yield Case("more lines of null", put("data.node.nested", None), Refused("nested is null, not an object"), spot)
    still = all_together(put(f"{page}.hasNextPage", True), put(f"{page}.endCursor", "cursor-10"))
    yield Case("more lines without an end", still, Refused("the same cursor came twice"), spot)
    unended = all_together(put(f"{page}.hasNextPage", True), put(f"{page}.endCursor", None))
    yield Case("more lines, and no cursor", unended, Refused("endCursor is missing, and there are more pages"), spot)
    for kind, value in {"a text": "true", "null": None, "a whole number": 1}.items():
        yield Case(
            f"{kind} for more lines to come", put(f"{page}.hasNextPage", value), Refused(f"hasNextPage is {kind}"), spot
        )
    inline = f"{ORDERS}.nodes.1.lineItems.pageInfo"
    uncut = after(2, put(f"{inline}.endCursor", None))
    yield Case("lines that go on, and no cursor", uncut, Refused("endCursor is missing|endCursor is null"))
    twice = put(nodes, lambda rows: [*rows, rows[0]])
    yield Case("a line on two pages", twice, WELL, spot)
    moved = put("data.node.updatedAt", LATE)
    lost = Exact(
        absent={
            "orders": frozenset({("1012",)}),
            "order_lines": frozenset((str(21_000 + number),) for number in range(26)),
        }
    )
    yield Case("an order that changes while its lines are read, once", first(1, moved), WELL, spot, loads=2)
    yield Case("an order that always changes", moved, Refused("1 orders changed each time that they were read"), spot)
    gone = put("data.node", None)
    yield Case("an order that is gone while it is read", gone, lost, spot)


def _reports() -> Iterator[Case]:
    spot, told = "shopifyqlQuery", "data.shopifyqlQuery"
    refused = put(told, {"parseErrors": ["the vendor's words"], "tableData": None})
    yield Case(
        "a report that is not understood", refused, Refused("the sales report was refused: the vendor's words"), spot
    )
    for kind, value in {"null": None, "a text": "none"}.items():
        yield Case(f"{kind} for a report", put(told, value), Refused(rf"shopifyqlQuery is {kind}, not an object"), spot)
    for kind, value in {"null": None, "a text": "[]", "an object": {}}.items():
        rows = put(f"{told}.tableData.rows", value)
        yield Case(f"{kind} for the rows of a report", rows, Refused(rf"rows is {kind}, not a list"), spot)
    yield Case("no table", put(f"{told}.tableData", None), Refused("tableData is null, not an object"), spot)
    yield Case("no day", put(f"{told}.tableData.rows.-1.day", MISSING), Refused("day is missing"), spot)
    renamed = first(1, put(f"{told}.tableData.rows", lambda rows: [{**row, "orders": [1]} for row in rows]))
    yield Case("lists for cells", renamed, Refused("orders is a list, not a text"), spot)
    as_lists = first(1, put(f"{told}.tableData.rows", lambda rows: [list(row.values()) for row in rows]))
    yield Case("rows as lists", as_lists, WELL, spot)
    short = first(1, put(f"{told}.tableData.rows", lambda rows: [list(row.values())[1:] for row in rows]))
    yield Case("rows as lists, one cell short", short, Refused("a row that is not as long as its columns"), spot)
    numbers = put(f"{told}.tableData.rows", lambda rows: [{**row, "orders": int(row["orders"])} for row in rows])
    yield Case("whole numbers for texts", numbers, WELL, spot)
    days = Refused("days|rows")
    yield Case("a report without rows", first(1, put(f"{told}.tableData.rows", [])), days, spot)
    yield Case("a report one day short", first(1, put(f"{told}.tableData.rows", lambda rows: rows[:-1])), days, spot)
    shop = "data.shop.ianaTimezone"
    for zone in ("Mars/Olympus", "../../etc/passwd", "", "/etc/localtime", "Europe/Paris\u0000"):
        yield Case(f"a time zone of {zone!r}", put(shop, zone), Refused("ianaTimezone is no time zone"), "shop")
    yield Case(
        "null for a currency of the shop", put("data.shop.currencyCode", None), Refused("currencyCode is null"), "shop"
    )


def _moves() -> Iterator[Case]:
    def edited(place: int) -> Callable[[Shopify], object]:
        change = {"updatedAt": LATE, "displayFinancialStatus": "PARTIALLY_PAID"}
        return lambda vendor: vendor.world["orders"][place].update(change)

    for place in (0, 6):
        number = str(1001 + place)
        cells = {
            "orders": {(number,): {"updated_at": LATE_MOMENT, "financial_status": "PARTIALLY_PAID"}},
            "order_lines": {(str(20_001 + place),): {"updated_at": LATE_MOMENT}},
        }
        yield Case(
            f"{number} is edited while it is read", None, Exact(cells), world=once_given("orders", 1, edited(place))
        )

    def deleted(vendor: Shopify) -> None:
        del vendor.world["orders"][7]

    lost = Exact(absent={"orders": frozenset({("1008",)}), "order_lines": frozenset({("20008",)})})
    yield Case("one is deleted while it is read", None, lost, world=once_given("orders", 1, deleted))

    def added(vendor: Shopify) -> None:
        node = copy.deepcopy(vendor.world["orders"][0])
        node |= {"id": "gid://shopify/Order/1090", "name": "#1090", "updatedAt": LATE, "lines": [line(20_090)]}
        vendor.world["orders"].append(node)

    like = {("orders", ("1090",)): ("1001",), ("order_lines", ("20090",)): ("20001",)}
    new = {
        "orders": {("1090",): {"order_id": "1090", "order_name": "#1090", "updated_at": LATE_MOMENT}},
        "order_lines": {
            ("20090",): {"order_id": "1090", "line_id": "20090", "sku": "BS-20090", "updated_at": LATE_MOMENT}
        },
    }
    yield Case("one is added while it is read", None, Exact(new, like=like), world=once_given("orders", 1, added))

    def crowded(vendor: Shopify) -> None:
        for node in vendor.world["orders"]:
            node["updatedAt"] = "2026-06-12T10:00:12Z"

    at_once = Exact(
        {
            "orders": {
                (str(1001 + n),): {"updated_at": datetime(2026, 6, 12, 10, 0, 12, tzinfo=UTC)} for n in range(12)
            },
            "order_lines": {
                (str(number),): {"updated_at": datetime(2026, 6, 12, 10, 0, 12, tzinfo=UTC)}
                for number in (*range(20_001, 20_012), *range(21_000, 21_026))
            },
        }
    )
    yield Case("all within a second", None, at_once, world=crowded)


def odds() -> list[Odd]:
    """Records that are odd."""
    return [odd for part in (_odd_amounts, _odd_times, _odd_ids, _odd_refunds) for odd in part()]


def _odd_amounts() -> Iterator[Odd]:
    right = {"23.80": "23.8", "0": "0", "0.00": "0", "1.2e3": "1200", "99999999999999.9999": "99999999999999.9999"}
    for text, amount in right.items():
        yield Odd(f"a total of {text}", "orders", member(MONEY, text), {"total_amount": Decimal(amount)})
    for text in ("-5", "NaN", "Infinity", "1,5", "1E+9999999", "9" * 5_000, "", "€5", "٣", "--1"):
        yield Odd(f"a total of {text[:12]!r}", "orders", member(MONEY, text), None)
    unit = "lines.0.originalUnitPriceSet.shopMoney.amount"
    for text in ("NaN", "1E+9999999", "9" * 5_000, "many", ""):
        wrong = member(unit, text)
        yield Odd(f"a price of {text[:12]!r}", "orders", wrong, None, aside={"order_lines": 1})
    for text in ("sNaN", "1E+9999999", "-Infinity", "x"):
        allocated = member("lines.0.discountAllocations.0.allocatedAmountSet.shopMoney.amount", text)
        yield Odd(f"a discount of {text[:12]!r}", "orders", allocated, {}, aside={"order_lines": 1})
    fine = {"gross_amount": Decimal("0.3333")}
    yield Odd("a price of many places", "orders", member(unit, "0.33333333333333333333333333333333333"), fine)
    yield Odd("fewer than none", "orders", member("lines.0.quantity", -1), None, aside={"order_lines": 1})
    # GraphQL's whole numbers end here
    most = member("lines.0.quantity", (1 << 31) - 1)
    yield Odd("very many", "orders", most, {"gross_amount": Decimal(20 * ((1 << 31) - 1))})
    for code in ("eur", "", "€", "XYZ"):
        wrong = member("currencyCode", code)
        yield Odd(f"a currency of {code!r}", "orders", wrong, None, aside={"order_lines": 1})
    yield Odd("no tax", "orders", member("totalTaxSet", None), {"tax_amount": None})


def _odd_times() -> Iterator[Odd]:
    for text, moment in TIMES.items():
        yield Odd(f"placed at {text}", "orders", member("processedAt", text), {"ordered_at": moment})
        yield Odd(f"changed at {text}", "customers", member("updatedAt", text), {"updated_at": moment})
    for text in ("2026-02-30T10:00:00Z", "yesterday", "1780394401", "0001-01-01T00:00:00Z", ""):
        yield Odd(f"placed at {text!r}", "orders", member("processedAt", text), None)
    future = {"updated_at": datetime(2099, 1, 1, tzinfo=UTC)}
    yield Odd("changed in 2099", "customers", member("updatedAt", "2099-01-01T00:00:00Z"), future)


def _odd_ids() -> Iterator[Odd]:
    gid = "gid://shopify/AbandonedCheckout"
    for number in ("0070", "70?key=1", "7 0", "x"):
        shown = number.partition("?")[0]
        changed = member("id", f"{gid}/{number}")
        yield Odd(f"an id of {number}", "abandoned_checkouts", changed, {"checkout_id": shown}, key=(shown,))
    bare = {"checkout_id": "777000"}
    yield Odd("an id without a kind", "abandoned_checkouts", member("id", "777000"), bare, key=("777000",))
    yield Odd("an id of nothing", "abandoned_checkouts", member("id", f"{gid}/"), None)
    yield Odd("an address for an id", "abandoned_checkouts", member("id", f"{gid}/a@b.example"), None)
    text = "x" * 100_000 + "\u0001\u001b[2J'\"\\"
    yield Odd("an endless name", "orders", member("name", text), {"order_name": text})
    yield Odd("no e-mail", "orders", member("email", None), {"email_token": None})
    yield Odd("an e-mail that is none", "orders", member("email", "@"), {"email_token": None})
    state = {"marketing_consent": "redacted"}
    yield Odd("consent that is redacted", "customers", member("defaultEmailAddress.marketingState", "REDACTED"), state)
    nobody = {"email_token": None, "marketing_consent": None}
    yield Odd("no address", "customers", member("defaultEmailAddress", None), nobody)


def _odd_refunds() -> Iterator[Odd]:
    def refunded(*parts: Any) -> Callable[[Any], None]:
        def change(node: Any) -> None:
            number = int(node["id"].rpartition("/")[2])
            node["refunds"] = [{**refund(number, LATE, node["lines"]), **dict(parts)}]

        return change

    nothing = refunded(("lines", []), ("shipping", []), ("totalRefundedSet", money("0.00")))
    yield Odd("a refund of no amount", "orders", nothing, {})
    wrong = [{"id": "gid://shopify/X/1", "subtotalAmountSet": money("x"), "taxAmountSet": money("0")}]
    yield Odd("a refund of words", "orders", refunded(("lines", []), ("shipping", wrong)), {}, aside={"refunds": 1})
    many = [
        {"id": f"gid://shopify/X/{n}", "amountSet": money("1E+9999999"), "taxAmountSet": money("0")} for n in (1, 2)
    ]
    out = refunded(("lines", []), ("shipping", []), ("adjustments", many))
    yield Odd("an adjustment beyond all", "orders", out, {}, aside={"refunds": 1})
