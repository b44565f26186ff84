"""Shopify's nodes as rows of the tables. Money is the shop's own currency, as the text that Shopify gives."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from .helpers import number
from .settings import SALES_METRICS

Node = Mapping[str, Any]
Row = dict[str, Any]


def amount(bag: Node | None) -> str | None:
    """Shop money of a bag, as text."""
    return None if bag is None else bag["shopMoney"]["amount"]


def total(amounts: Sequence[object]) -> str | None:
    """Exact sum of amounts as text; what is no number is given back as it is, for the row rules to say so."""
    wrong = next((value for value in amounts if not _is_number(value)), None)
    return str(wrong) if wrong is not None else str(sum((Decimal(str(value)) for value in amounts), Decimal(0)))


def _is_number(value: object) -> bool:
    """True for a number that can be added up; one beyond all amounts is left to the row rules."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return False
    return number.is_finite() and abs(number.adjusted()) < 100


def _id_of(node: Node | None) -> str | None:
    return None if node is None else number(node["id"])


def customer_row(node: Node) -> Row:
    """A version of a customer."""
    email = node["defaultEmailAddress"] or {}
    consent = email.get("marketingState")
    return {
        "customer_id": number(node["id"]),
        "email": email.get("emailAddress"),
        "phone": (node["defaultPhoneNumber"] or {}).get("phoneNumber"),
        "country_code": (node["defaultAddress"] or {}).get("countryCodeV2"),
        "marketing_consent": consent.lower() if consent else None,
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
    }


def order_row(node: Node) -> Row:
    """A version of an order; its gross amount is that of its lines."""
    visit = (node["customerJourneySummary"] or {}).get("lastVisit") or {}
    utm = visit.get("utmParameters") or {}
    return {
        "order_id": number(node["id"]),
        "order_name": node["name"],
        "customer_id": _id_of(node["customer"]),
        "email": node["email"],
        "ordered_at": node["processedAt"],
        "cancelled_at": node["cancelledAt"],
        "is_test": node["test"],
        "currency": node["currencyCode"],
        "presentment_currency": node["presentmentCurrencyCode"],
        "is_tax_included": node["taxesIncluded"],
        "gross_amount": total([_gross(line) for line in node["lineItems"]]),
        "discount_amount": amount(node["totalDiscountsSet"]),
        "tax_amount": amount(node["totalTaxSet"]),
        "shipping_amount": amount(node["totalShippingPriceSet"]),
        "total_amount": amount(node["totalPriceSet"]),
        "financial_status": node["displayFinancialStatus"],
        "country_code": (node["shippingAddress"] or {}).get("countryCodeV2"),
        "utm_source": utm.get("source"),
        "utm_campaign": utm.get("campaign"),
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
    }


def _gross(line: Node) -> object:
    price = amount(line["originalUnitPriceSet"])
    return Decimal(str(price)) * line["quantity"] if _is_number(price) else price


def line_rows(order: Node) -> list[Row]:
    """The lines of a version of an order."""
    return [_line_row(order, line) for line in order["lineItems"]]


def _line_row(order: Node, line: Node) -> Row:
    product = line["product"]
    return {
        "order_id": number(order["id"]),
        "line_id": number(line["id"]),
        "product_id": _id_of(product),
        "product_title": line["title"],
        "product_type": (product["productType"] or None) if product else None,
        "sku": line["sku"],
        "is_gift_card": line["isGiftCard"],
        "quantity": line["quantity"],
        "unit_price": amount(line["originalUnitPriceSet"]),
        "discount_amount": total([amount(part["allocatedAmountSet"]) for part in line["discountAllocations"]]),
        "tax_amount": total([amount(part["priceSet"]) for part in line["taxLines"]]),
        "currency": order["currencyCode"],
        "updated_at": order["updatedAt"],
    }


def refund_rows(order: Node) -> list[Row]:
    """The parts of an order's refunds: a row for each refunded line, one for shipping and one for adjustments.

    A refund without parts pays what earlier ones took back unpaid, as edits of orders do; what it pays beyond that is
    an adjustment.
    """
    rows: list[Row] = []
    unpaid = "0"
    for refund in sorted(order["refunds"], key=_refunded_at):
        parts = _parts(order, refund)
        taken_back = [part[name] for part in parts for name in ("amount", "tax_amount")]
        balance = str(total([unpaid, *taken_back, _negative(amount(refund["totalRefundedSet"]))]))
        is_covered = _is_number(balance) and Decimal(balance) >= 0
        if not parts and not is_covered:
            parts = [_part("adjustment", _negative(balance), None)]
        unpaid = balance if is_covered else "0"
        rows += [{**part, **_common(order, refund)} for part in parts]
    return rows


def _refunded_at(refund: Node) -> str:
    """Shopify may leave out when a refund was made, but never when it was last modified."""
    at: str = refund["createdAt"] or refund["updatedAt"]
    return at


def _common(order: Node, refund: Node) -> Row:
    return {
        "refund_id": number(refund["id"]),
        "order_id": number(order["id"]),
        "refunded_at": _refunded_at(refund),
        "currency": order["currencyCode"],
        "updated_at": refund["updatedAt"],
    }


def _parts(order: Node, refund: Node) -> list[Row]:
    """The parts of a refund, each without tax."""
    by_line: dict[str, list[Node]] = {}
    for line in refund["refundLineItems"]:
        by_line.setdefault(number(line["lineItem"]["id"]), []).append(line)
    is_tax_included = order["taxesIncluded"]
    rows = [
        {
            **_refunded("line", parts, "subtotalSet", "totalTaxSet", is_tax_included),
            "line_id": line_id,
            "quantity": sum(part["quantity"] for part in parts),
        }
        for line_id, parts in by_line.items()
    ]
    if shipping := refund["refundShippingLines"]:
        rows.append(_refunded("shipping", shipping, "subtotalAmountSet", "taxAmountSet", is_tax_included))
    if adjustments := refund["orderAdjustments"]:
        row = _refunded("adjustment", adjustments, "amountSet", "taxAmountSet", is_tax_included=False)
        rows.append({**row, "amount": _negative(row["amount"]), "tax_amount": _negative(row["tax_amount"])})
    return rows


def _refunded(kind: str, parts: Sequence[Node], net: str, tax: str, is_tax_included: bool) -> Row:
    """Sums of the parts; in an order whose prices include tax, refunded subtotals include it too."""
    amounts, taxes = [amount(part[net]) for part in parts], [amount(part[tax]) for part in parts]
    if is_tax_included:
        amounts += [_negative(value) for value in taxes]
    return _part(kind, total(amounts), total(taxes))


def _part(kind: str, net: str | None, tax: str | None) -> Row:
    return {"refund_kind": kind, "line_id": None, "quantity": None, "amount": net, "tax_amount": tax}


def _negative(value: str | None) -> str | None:
    return str(-Decimal(value)) if value is not None and _is_number(value) else value


def checkout_row(node: Node) -> Row:
    """A version of a checkout that was left."""
    money = node["totalPriceSet"]["shopMoney"]
    return {
        "checkout_id": number(node["id"]),
        "customer_id": _id_of(node["customer"]),
        "total_amount": money["amount"],
        "currency": money["currencyCode"],
        "completed_at": node["completedAt"],
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
    }


def sales_row(row: Node, currency: str) -> Row:
    """A day of Shopify's own sales report."""
    orders, *amounts = SALES_METRICS
    return {
        "day": row["day"][:10],
        "orders_count": row[orders],
        **{name: row[name] for name in amounts},
        "currency": currency,
    }
