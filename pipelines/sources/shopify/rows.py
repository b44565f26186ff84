"""Shopify's nodes as rows of the landing tables. Money is the shop's own currency, as the text that Shopify gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

Node = Mapping[str, Any]
Row = dict[str, Any]


def number(gid: str | None) -> str | None:
    """Numeric part of a global id: gid://shopify/Order/1 → 1."""
    return None if gid is None else gid.rpartition("/")[2].partition("?")[0]


def amount(bag: Node | None) -> str | None:
    """Shop money of a bag, as text."""
    return None if bag is None else bag["shopMoney"]["amount"]


def total(amounts: Sequence[object]) -> str | None:
    """Exact sum of amounts as text; what is no number is given back as it is, for the loader to say so."""
    try:
        return str(sum((Decimal(str(value)) for value in amounts), Decimal(0)))
    except InvalidOperation:
        return next(str(value) for value in amounts if not _is_number(value))


def _is_number(value: object) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def customer_row(node: Node, email: str | None, phone: str | None) -> Row:
    """A version of a customer; the tokens stand for what the node says of e-mail and phone."""
    consent = (node.get("defaultEmailAddress") or {}).get("marketingState")
    return {
        "customer_id": number(node["id"]),
        "email_token": email,
        "phone_token": phone,
        "country_code": (node.get("defaultAddress") or {}).get("countryCodeV2"),
        "marketing_consent": consent.lower() if consent else None,
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
    }


def order_row(node: Node, lines: Sequence[Node], email: str | None) -> Row:
    """A version of an order; its gross amount is that of its lines."""
    visit = (node.get("customerJourneySummary") or {}).get("lastVisit") or {}
    utm = visit.get("utmParameters") or {}
    return {
        "order_id": number(node["id"]),
        "order_name": node["name"],
        "customer_id": number((node.get("customer") or {}).get("id")),
        "email_token": email,
        "ordered_at": node["processedAt"],
        "cancelled_at": node["cancelledAt"],
        "is_test": node["test"],
        "currency": node["currencyCode"],
        "presentment_currency": node["presentmentCurrencyCode"],
        "is_tax_included": node["taxesIncluded"],
        "gross_amount": total([_gross(line) for line in lines]),
        "discount_amount": amount(node["totalDiscountsSet"]),
        "tax_amount": amount(node["totalTaxSet"]),
        "shipping_amount": amount(node["totalShippingPriceSet"]),
        "total_amount": amount(node["totalPriceSet"]),
        "financial_status": node["displayFinancialStatus"],
        "country_code": (node.get("shippingAddress") or {}).get("countryCodeV2"),
        "utm_source": utm.get("source"),
        "utm_campaign": utm.get("campaign"),
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
    }


def _gross(line: Node) -> object:
    price, quantity = amount(line["originalUnitPriceSet"]), line["quantity"]
    wrong = next((value for value in (price, quantity) if not _is_number(value)), None)
    return wrong if wrong is not None else Decimal(str(price)) * Decimal(str(quantity))


def line_row(order: Node, line: Node) -> Row:
    """A line of a version of an order."""
    product = line.get("product") or {}
    return {
        "order_id": number(order["id"]),
        "line_id": number(line["id"]),
        "product_id": number(product.get("id")),
        "product_title": line["title"],
        "product_type": product.get("productType") or None,
        "sku": line.get("sku"),
        "quantity": line["quantity"],
        "unit_price": amount(line["originalUnitPriceSet"]),
        "discount_amount": total([amount(part["allocatedAmountSet"]) for part in line["discountAllocations"]]),
        "tax_amount": total([amount(part["priceSet"]) for part in line["taxLines"]]),
        "currency": order["currencyCode"],
        "updated_at": order["updatedAt"],
    }


def refund_rows(order: Node, refund: Node, lines: Sequence[Node]) -> list[Row]:
    """A row for each refunded line, one for refunded shipping and one for adjustments, each without tax."""
    by_line: dict[str | None, list[Node]] = {}
    for line in lines:
        by_line.setdefault(number(line["lineItem"]["id"]), []).append(line)
    shipping, adjustments = refund["refundShippingLines"]["nodes"], refund["orderAdjustments"]["nodes"]
    common = {
        "refund_id": number(refund["id"]),
        "order_id": number(order["id"]),
        "refunded_at": refund["createdAt"],
        "currency": order["currencyCode"],
        "updated_at": refund["updatedAt"],
    }
    is_tax_included = order["taxesIncluded"] is True
    rows = [
        {
            **_refunded("line", parts, "subtotalSet", "totalTaxSet", is_tax_included),
            "line_id": line_id,
            "quantity": total([part["quantity"] for part in parts]),
        }
        for line_id, parts in by_line.items()
    ]
    if shipping:
        rows.append(_refunded("shipping", shipping, "subtotalAmountSet", "taxAmountSet", is_tax_included))
    if adjustments:
        row = _refunded("adjustment", adjustments, "amountSet", "taxAmountSet", is_tax_included=False)
        rows.append({**row, "amount": _negative(row["amount"]), "tax_amount": _negative(row["tax_amount"])})
    return [{**row, **common} for row in rows]


def _refunded(kind: str, parts: Sequence[Node], net: str, tax: str, is_tax_included: bool) -> Row:
    """Sums of the parts; in an order whose prices include tax, refunded subtotals include it too."""
    amounts, taxes = [amount(part[net]) for part in parts], [amount(part[tax]) for part in parts]
    if is_tax_included:
        amounts += [_negative(value) for value in taxes]
    return {
        "refund_kind": kind,
        "line_id": None,
        "quantity": None,
        "amount": total(amounts),
        "tax_amount": total(taxes),
    }


def _negative(value: str | None) -> str | None:
    return str(-Decimal(value)) if value is not None and _is_number(value) else value


def checkout_row(node: Node) -> Row:
    """A version of a checkout that was left."""
    money = node["totalPriceSet"]["shopMoney"]
    return {
        "checkout_id": number(node["id"]),
        "customer_id": number((node.get("customer") or {}).get("id")),
        "total_amount": money["amount"],
        "currency": money["currencyCode"],
        "completed_at": node["completedAt"],
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
    }


def sales_row(row: Node, currency: str) -> Row:
    """A day of Shopify's own sales report."""
    return {
        "day": str(row["day"])[:10],
        "orders_count": row["orders"],
        **{
            name: row[name]
            for name in (
                "gross_sales",
                "discounts",
                "returns",
                "net_sales",
                "taxes",
                "shipping_charges",
                "total_sales",
            )
        },
        "currency": currency,
    }
