"""The part of the schema of Shopify's Admin API that its fake speaks, by the names and types of its documents."""

from __future__ import annotations

from graphql import build_schema

_CONNECTIONS = ("Order", "Customer", "AbandonedCheckout", "LineItem", "RefundLineItem")
_CONNECTIONS += ("RefundShippingLine", "OrderAdjustment", "OrderTransaction")
_PAGED = "first: Int, last: Int, after: String, before: String, reverse: Boolean"
SCHEMA = build_schema(
    f"""
scalar DateTime scalar Decimal scalar JSON scalar URL scalar UnsignedInt64
enum OrderSortKeys {{ CREATED_AT ID ORDER_NUMBER PROCESSED_AT UPDATED_AT }}
enum CustomerSortKeys {{ CREATED_AT ID UPDATED_AT }}
enum AbandonedCheckoutSortKeys {{ CHECKOUT_ID CREATED_AT CUSTOMER_NAME ID RELEVANCE TOTAL_PRICE }}
interface Node {{ id: ID! }}
type QueryRoot {{
  orders({_PAGED}, query: String, sortKey: OrderSortKeys): OrderConnection!
  customers({_PAGED}, query: String, sortKey: CustomerSortKeys): CustomerConnection!
  abandonedCheckouts({_PAGED}, query: String, sortKey: AbandonedCheckoutSortKeys): AbandonedCheckoutConnection!
  order(id: ID!): Order  refund(id: ID!): Refund  customer(id: ID!): Customer
  node(id: ID!): Node  nodes(ids: [ID!]!): [Node]!
  shop: Shop!  shopifyqlQuery(query: String!): ShopifyqlQueryResponse
  ordersCount(query: String, limit: Int): Count  customersCount(query: String, limit: Int): Count
}}
type Count {{ count: Int!  precision: String! }}
type PageInfo {{ hasNextPage: Boolean!  hasPreviousPage: Boolean!  startCursor: String  endCursor: String }}
type MoneyV2 {{ amount: Decimal!  currencyCode: String! }}
type MoneyBag {{ shopMoney: MoneyV2!  presentmentMoney: MoneyV2! }}
type Shop {{ id: ID!  name: String!  currencyCode: String!  ianaTimezone: String!  myshopifyDomain: String! }}
type Address {{ countryCodeV2: String  zip: String }}
type Product implements Node {{ id: ID!  productType: String!  title: String! }}
type Allocation {{ allocatedAmountSet: MoneyBag! }}
type TaxLine {{ priceSet: MoneyBag!  rate: Float  title: String! }}
type LineItem implements Node {{
  id: ID!  title: String!  sku: String  quantity: Int!  currentQuantity: Int!  isGiftCard: Boolean!
  product: Product
  originalUnitPriceSet: MoneyBag!  discountedTotalSet: MoneyBag!
  discountAllocations: [Allocation!]!  taxLines(first: Int): [TaxLine!]!
}}
type RefundLineItem {{ id: ID  quantity: Int!  lineItem: LineItem!  subtotalSet: MoneyBag!  totalTaxSet: MoneyBag! }}
type RefundShippingLine implements Node {{ id: ID!  subtotalAmountSet: MoneyBag!  taxAmountSet: MoneyBag! }}
type OrderAdjustment implements Node {{ id: ID!  amountSet: MoneyBag!  taxAmountSet: MoneyBag!  reason: String }}
type OrderTransaction implements Node {{ id: ID!  amountSet: MoneyBag!  kind: String!  status: String! }}
type Refund implements Node {{
  id: ID!  createdAt: DateTime  updatedAt: DateTime!  totalRefundedSet: MoneyBag!  order: Order!
  refundLineItems({_PAGED}): RefundLineItemConnection!
  refundShippingLines({_PAGED}): RefundShippingLineConnection!
  orderAdjustments({_PAGED}): OrderAdjustmentConnection!
  transactions({_PAGED}): OrderTransactionConnection!
}}
type Utm {{ source: String  medium: String  campaign: String  content: String  term: String }}
type Visit {{ source: String  utmParameters: Utm }}
type Journey {{ firstVisit: Visit  lastVisit: Visit }}
type CustomerEmailAddress {{ emailAddress: String!  marketingState: String! }}
type CustomerPhoneNumber {{ phoneNumber: String!  marketingState: String! }}
type Customer implements Node {{
  id: ID!  legacyResourceId: UnsignedInt64!  createdAt: DateTime!  updatedAt: DateTime!  numberOfOrders: UnsignedInt64!
  defaultEmailAddress: CustomerEmailAddress  defaultPhoneNumber: CustomerPhoneNumber  defaultAddress: Address
}}
type Order implements Node {{
  id: ID!  legacyResourceId: UnsignedInt64!  name: String!  email: String  phone: String  test: Boolean!
  createdAt: DateTime!  updatedAt: DateTime!  processedAt: DateTime!  cancelledAt: DateTime
  currencyCode: String!  presentmentCurrencyCode: String!  taxesIncluded: Boolean!  edited: Boolean!
  displayFinancialStatus: String  customer: Customer  shippingAddress: Address
  customerJourneySummary: Journey  currentTotalPriceSet: MoneyBag!  subtotalPriceSet: MoneyBag
  totalDiscountsSet: MoneyBag  totalTaxSet: MoneyBag  totalShippingPriceSet: MoneyBag!  totalPriceSet: MoneyBag!
  totalRefundedSet: MoneyBag!
  lineItems({_PAGED}): LineItemConnection!  refunds(first: Int): [Refund!]!
}}
type AbandonedCheckout implements Node {{
  id: ID!  name: String!  createdAt: DateTime!  updatedAt: DateTime!  completedAt: DateTime
  customer: Customer  totalPriceSet: MoneyBag!
}}
type ShopifyqlColumn {{ name: String!  dataType: String!  displayName: String!  subType: String }}
type ShopifyqlTableData {{ columns: [ShopifyqlColumn!]!  rows: JSON! }}
type ShopifyqlQueryResponse {{ parseErrors: [String!]!  tableData: ShopifyqlTableData }}
schema {{ query: QueryRoot }}
"""
    + "\n".join(
        f"type {name}Connection {{ pageInfo: PageInfo!  nodes: [{name}!]!  edges: [{name}Edge!]! }} "
        f"type {name}Edge {{ cursor: String!  node: {name}! }}"
        for name in _CONNECTIONS
    )
)
