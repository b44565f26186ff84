"""GraphQL documents sent to the Shopify Admin API. Names and addresses of persons are never asked for."""

_MONEY = "{ shopMoney { amount } }"
_PAGE = "pageInfo { hasNextPage endCursor }"

LINES = f"""
  {_PAGE}
  nodes {{
    id title sku quantity
    product {{ id productType }}
    originalUnitPriceSet {_MONEY}
    discountAllocations {{ allocatedAmountSet {_MONEY} }}
    taxLines {{ priceSet {_MONEY} }}
  }}
"""
REFUND_LINES = f"""
  {_PAGE}
  nodes {{ quantity lineItem {{ id }} subtotalSet {_MONEY} totalTaxSet {_MONEY} }}
"""
REFUND = f"""
  id createdAt updatedAt
  refundLineItems(first: $lines) {{ {REFUND_LINES} }}
  refundShippingLines(first: 5) {{ nodes {{ subtotalAmountSet {_MONEY} taxAmountSet {_MONEY} }} }}
  orderAdjustments(first: 5) {{ nodes {{ amountSet {_MONEY} taxAmountSet {_MONEY} }} }}
"""

ORDERS = f"""
query Orders($first: Int!, $after: String, $search: String, $lines: Int!, $refunds: Int!) {{
  orders(first: $first, after: $after, query: $search, sortKey: UPDATED_AT) {{
    {_PAGE}
    nodes {{
      id name createdAt updatedAt processedAt cancelledAt test email
      currencyCode presentmentCurrencyCode taxesIncluded displayFinancialStatus
      customer {{ id }}
      shippingAddress {{ countryCodeV2 }}
      customerJourneySummary {{ lastVisit {{ utmParameters {{ source campaign }} }} }}
      totalDiscountsSet {_MONEY}
      totalTaxSet {_MONEY}
      totalShippingPriceSet {_MONEY}
      totalPriceSet {_MONEY}
      lineItems(first: $lines) {{ {LINES} }}
      refunds(first: $refunds) {{ {REFUND} }}
    }}
  }}
}}
"""
ORDER_LINES = f"""
query OrderLines($id: ID!, $first: Int!, $after: String) {{
  order(id: $id) {{ lineItems(first: $first, after: $after) {{ {LINES} }} }}
}}
"""
ORDER_REFUNDS = f"""
query OrderRefunds($id: ID!, $refunds: Int!, $lines: Int!) {{
  order(id: $id) {{ refunds(first: $refunds) {{ {REFUND} }} }}
}}
"""
MORE_REFUND_LINES = f"""
query RefundLines($id: ID!, $first: Int!, $after: String) {{
  refund(id: $id) {{ refundLineItems(first: $first, after: $after) {{ {REFUND_LINES} }} }}
}}
"""
CUSTOMERS = f"""
query Customers($first: Int!, $after: String, $search: String) {{
  customers(first: $first, after: $after, query: $search, sortKey: UPDATED_AT) {{
    {_PAGE}
    nodes {{
      id createdAt updatedAt
      defaultEmailAddress {{ emailAddress marketingState }}
      defaultPhoneNumber {{ phoneNumber }}
      defaultAddress {{ countryCodeV2 }}
    }}
  }}
}}
"""
ABANDONED_CHECKOUTS = f"""
query AbandonedCheckouts($first: Int!, $after: String, $search: String) {{
  abandonedCheckouts(first: $first, after: $after, query: $search, sortKey: ID) {{
    {_PAGE}
    nodes {{
      id createdAt updatedAt completedAt
      customer {{ id }}
      totalPriceSet {{ shopMoney {{ amount currencyCode }} }}
    }}
  }}
}}
"""
SHOP = "query Shop { shop { currencyCode ianaTimezone } }"
SALES = """
query Sales($report: String!) {
  shopifyqlQuery(query: $report) { parseErrors tableData { columns { name dataType } rows } }
}
"""
