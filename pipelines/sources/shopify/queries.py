"""What is asked of the Admin API, and the form of each answer. Names and addresses of persons are never asked for."""

from typing import Any, NamedTuple

from .settings import LINES_INLINE, LIST_LENGTH, REFUND_LINES_INLINE, REFUND_PARTS_INLINE, REFUNDS_INLINE


class Query(NamedTuple):
    """A GraphQL document and the form of its `data`."""

    text: str
    form: dict[str, Any]


_MONEY = "{ shopMoney { amount } }"
_PAGE = "pageInfo { hasNextPage endCursor }"
_MONEY_FORM = {"shopMoney": {"amount": str}}
_TEXT = (str, None)
CELL = (str, int, float, None)
"""A cell of a report."""


def _connection_form(node: dict[str, Any]) -> dict[str, Any]:
    return {"pageInfo": {"hasNextPage": bool, "endCursor": _TEXT}, "nodes": [node]}


_PARTS = {
    "lineItems": f"""{_PAGE} nodes {{
      id title sku quantity isGiftCard product {{ id productType }} originalUnitPriceSet {_MONEY}
      discountAllocations {{ allocatedAmountSet {_MONEY} }} taxLines {{ priceSet {_MONEY} }} }}""",
    "refundLineItems": f"{_PAGE} nodes {{ quantity lineItem {{ id }} subtotalSet {_MONEY} totalTaxSet {_MONEY} }}",
    "refundShippingLines": f"{_PAGE} nodes {{ subtotalAmountSet {_MONEY} taxAmountSet {_MONEY} }}",
    "orderAdjustments": f"{_PAGE} nodes {{ amountSet {_MONEY} taxAmountSet {_MONEY} }}",
}
_PART_FORMS: dict[str, dict[str, Any]] = {
    "lineItems": _connection_form(
        {
            "id": str,
            "title": _TEXT,
            "sku": _TEXT,
            "quantity": int,
            "isGiftCard": bool,
            "product": ({"id": str, "productType": _TEXT}, None),
            "originalUnitPriceSet": _MONEY_FORM,
            "discountAllocations": [{"allocatedAmountSet": _MONEY_FORM}],
            "taxLines": [{"priceSet": _MONEY_FORM}],
        }
    ),
    "refundLineItems": _connection_form(
        {"quantity": int, "lineItem": {"id": str}, "subtotalSet": _MONEY_FORM, "totalTaxSet": _MONEY_FORM}
    ),
    "refundShippingLines": _connection_form({"subtotalAmountSet": _MONEY_FORM, "taxAmountSet": _MONEY_FORM}),
    "orderAdjustments": _connection_form({"amountSet": _MONEY_FORM, "taxAmountSet": _MONEY_FORM}),
}
REFUND_PARTS = ("refundLineItems", "refundShippingLines", "orderAdjustments")


def _more(connection: str, owner: str) -> Query:
    """Further pages of a nested connection, with the version of what it belongs to."""
    document = f"""query More($id: ID!, $first: Int!, $after: String) {{
      node: {owner}(id: $id) {{
        updatedAt
        nested: {connection}(first: $first, after: $after) {{ {_PARTS[connection]} }} }} }}"""
    return Query(document, {"node": ({"updatedAt": str, "nested": _PART_FORMS[connection]}, None)})


MORE = {"lineItems": _more("lineItems", "order"), **{name: _more(name, "refund") for name in REFUND_PARTS}}

_REFUND = f"""id createdAt updatedAt totalRefundedSet {_MONEY}
  refundLineItems(first: {REFUND_LINES_INLINE}) {{ {_PARTS["refundLineItems"]} }}
  refundShippingLines(first: {REFUND_PARTS_INLINE}) {{ {_PARTS["refundShippingLines"]} }}
  orderAdjustments(first: {REFUND_PARTS_INLINE}) {{ {_PARTS["orderAdjustments"]} }}"""
_REFUND_FORM = {
    "id": str,
    "createdAt": _TEXT,
    "updatedAt": str,
    "totalRefundedSet": _MONEY_FORM,
    **{name: _PART_FORMS[name] for name in REFUND_PARTS},
}
ORDER_REFUNDS = Query(
    f"""query OrderRefunds($id: ID!) {{
      node: order(id: $id) {{ updatedAt refunds(first: {LIST_LENGTH}) {{ {_REFUND} }} }} }}""",
    {"node": ({"updatedAt": str, "refunds": [_REFUND_FORM]}, None)},
)
ORDERS = Query(
    f"""query Orders($first: Int!, $after: String, $search: String, $sortKey: OrderSortKeys!) {{
      orders(first: $first, after: $after, query: $search, sortKey: $sortKey) {{ {_PAGE} nodes {{
        id name createdAt updatedAt processedAt cancelledAt test email
        currencyCode presentmentCurrencyCode taxesIncluded displayFinancialStatus
        customer {{ id }}
        shippingAddress {{ countryCodeV2 }}
        customerJourneySummary {{ lastVisit {{ utmParameters {{ source campaign }} }} }}
        totalDiscountsSet {_MONEY} totalTaxSet {_MONEY} totalShippingPriceSet {_MONEY} totalPriceSet {_MONEY}
        lineItems(first: {LINES_INLINE}) {{ {_PARTS["lineItems"]} }}
        refunds(first: {REFUNDS_INLINE}) {{ {_REFUND} }} }} }} }}""",
    {
        "orders": _connection_form(
            {
                "id": str,
                "name": str,
                **dict.fromkeys(("createdAt", "updatedAt", "processedAt"), str),
                "cancelledAt": _TEXT,
                "test": bool,
                "email": _TEXT,
                "currencyCode": str,
                "presentmentCurrencyCode": str,
                "taxesIncluded": bool,
                "displayFinancialStatus": _TEXT,
                "customer": ({"id": str}, None),
                "shippingAddress": ({"countryCodeV2": _TEXT}, None),
                "customerJourneySummary": (
                    {"lastVisit": ({"utmParameters": ({"source": _TEXT, "campaign": _TEXT}, None)}, None)},
                    None,
                ),
                "totalDiscountsSet": (_MONEY_FORM, None),
                "totalTaxSet": (_MONEY_FORM, None),
                "totalShippingPriceSet": _MONEY_FORM,
                "totalPriceSet": _MONEY_FORM,
                "lineItems": _PART_FORMS["lineItems"],
                "refunds": [_REFUND_FORM],
            }
        )
    },
)
CUSTOMERS = Query(
    f"""query Customers($first: Int!, $after: String, $search: String, $sortKey: CustomerSortKeys!) {{
      customers(first: $first, after: $after, query: $search, sortKey: $sortKey) {{ {_PAGE} nodes {{
        id createdAt updatedAt
        defaultEmailAddress {{ emailAddress marketingState }}
        defaultPhoneNumber {{ phoneNumber }}
        defaultAddress {{ countryCodeV2 }} }} }} }}""",
    {
        "customers": _connection_form(
            {
                **dict.fromkeys(("id", "createdAt", "updatedAt"), str),
                "defaultEmailAddress": ({"emailAddress": str, "marketingState": _TEXT}, None),
                "defaultPhoneNumber": ({"phoneNumber": str}, None),
                "defaultAddress": ({"countryCodeV2": _TEXT}, None),
            }
        )
    },
)
ABANDONED_CHECKOUTS = Query(
    f"""query AbandonedCheckouts(
      $first: Int!, $after: String, $search: String, $sortKey: AbandonedCheckoutSortKeys!
    ) {{
      abandonedCheckouts(first: $first, after: $after, query: $search, sortKey: $sortKey) {{ {_PAGE} nodes {{
        id createdAt updatedAt completedAt
        customer {{ id }}
        totalPriceSet {{ shopMoney {{ amount currencyCode }} }} }} }} }}""",
    {
        "abandonedCheckouts": _connection_form(
            {
                **dict.fromkeys(("id", "createdAt", "updatedAt"), str),
                "completedAt": _TEXT,
                "customer": ({"id": str}, None),
                "totalPriceSet": {"shopMoney": {"amount": str, "currencyCode": str}},
            }
        )
    },
)
SHOP = Query("query Shop { shop { currencyCode ianaTimezone } }", {"shop": {"currencyCode": str, "ianaTimezone": str}})
SALES = Query(
    """query Sales($report: String!) {
      shopifyqlQuery(query: $report) { parseErrors tableData { columns { name dataType } rows } } }""",
    {
        "shopifyqlQuery": {
            "parseErrors": [str],
            "tableData": ({"columns": [{"name": str}], "rows": ([dict], [[CELL]])}, None),
        }
    },
)
COST_FORM = {
    "extensions?": (
        {
            "cost?": (
                {
                    "requestedQueryCost?": (int, float, None),
                    "throttleStatus?": (
                        dict.fromkeys(("maximumAvailable", "currentlyAvailable", "restoreRate"), (int, float)),
                        None,
                    ),
                },
                None,
            )
        },
        None,
    )
}
