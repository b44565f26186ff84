"""Shopify's orders, customers and checkouts of a scene, as records that queries are projected from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sandbox.api.shopify.projection import Connection, Record
from sandbox.scene import Scene, iso
from sandbox.world.columns import NEVER, Integers, offsets
from sandbox.world.orders import CAMPAIGNS, VAT
from sandbox.world.people import CHANNELS, COUNTRIES
from sandbox.world.rates import CURRENCIES

_MEDIUM = {"instagram": "social", "google": "cpc", "newsletter": "email", "direct": "none", "affiliate": "referral"}


def gid(kind: str, number: int) -> str:
    """A global id."""
    return f"gid://shopify/{kind}/{number}"


@dataclass(frozen=True)
class ShopifyScene:
    """What the shop shows at the clock."""

    scene: Scene

    @cached_property
    def line_start(self) -> Integers:
        """First line of each order, and the end of the last order's."""
        w = self.scene.world
        return offsets(np.bincount(w.lines.order, minlength=len(w.orders)))

    @cached_property
    def refund_line_start(self) -> Integers:
        """First line of each refund, and the end of the last refund's."""
        books = self.scene.world.books
        return offsets(np.bincount(books.lines.refund, minlength=len(books.refunds)))

    @cached_property
    def refunds_of(self) -> dict[int, list[int]]:
        """Rows of the refunds of each order that has any by now."""
        refunds = self.scene.world.books.refunds
        found: dict[int, list[int]] = {}
        for row in np.flatnonzero(refunds.created_at <= self.scene.clock):
            found.setdefault(int(refunds.order[row]), []).append(int(row))
        return found

    @cached_property
    def order_updated_at(self) -> Integers:
        """Last change of each order: placed, edited, cancelled or refunded."""
        w = self.scene.world
        updated = self.scene.latest(w.orders.created_at, w.orders.cancelled_at, w.orders.edited_at)
        for order, rows in self.refunds_of.items():
            updated[order] = max(updated[order], *(w.books.refunds.created_at[rows].tolist()))
        return updated

    @cached_property
    def customer_updated_at(self) -> Integers:
        """Last change of each customer: created, edited, unsubscribed or bought."""
        w = self.scene.world
        updated = self.scene.latest(w.customers.created_at, w.customers.edited_at, w.customers.unsubscribed_at)
        bought = (w.orders.customer >= 0) & (w.orders.created_at <= self.scene.clock)
        np.maximum.at(updated, w.orders.customer[bought], w.orders.created_at[bought])
        return updated

    @cached_property
    def orders_count(self) -> Integers:
        """Orders of each customer by now."""
        orders = self.scene.world.orders
        bought = (orders.customer >= 0) & (orders.created_at <= self.scene.clock)
        return np.bincount(orders.customer[bought], minlength=len(self.scene.world.customers))

    def _bag(self, order: int, cents: int) -> Record:
        orders = self.scene.world.orders
        shop, presentment = CURRENCIES[orders.currency[order]], CURRENCIES[orders.presentment[order]]
        paid = round(int(cents) * float(orders.presentment_rate[order]))
        return {
            "shopMoney": {"amount": f"{cents / 100:.2f}", "currencyCode": shop},
            "presentmentMoney": {"amount": f"{paid / 100:.2f}", "currencyCode": presentment},
        }

    def order(self, row: int) -> Record:
        """An order with everything below it."""
        w, clock = self.scene.world, self.scene.clock
        o = w.orders
        refunds = [self.refund(refund) for refund in self.refunds_of.get(row, [])]
        refunded = sum(self._refunded(refund) for refund in self.refunds_of.get(row, []))
        is_cancelled = o.cancelled_at[row] <= clock
        placed = iso(o.created_at[row])
        country = COUNTRIES[o.country[row]]
        address = {"countryCodeV2": country, "country": country}
        return {
            "id": gid("Order", o.order_id[row]),
            "legacyResourceId": str(o.order_id[row]),
            "name": f"#{o.number[row]}",
            "email": w.people.email[o.person[row]],
            "note": None,
            "tags": [],
            "sourceName": "web",
            "createdAt": placed,
            "updatedAt": iso(self.order_updated_at[row]),
            "processedAt": placed,
            "cancelledAt": iso(o.cancelled_at[row]) if is_cancelled else None,
            "closedAt": None,
            "cancelReason": "CUSTOMER" if is_cancelled else None,
            "test": bool(o.is_test[row]),
            "taxesIncluded": bool(o.is_tax_included[row]),
            "currencyCode": CURRENCIES[o.currency[row]],
            "presentmentCurrencyCode": CURRENCIES[o.presentment[row]],
            "displayFinancialStatus": _status(
                refunded, int(o.gross[row] - o.discount[row]), is_cancelled, bool(o.is_paid[row])
            ),
            **self._totals(row, refunded),
            "discountCodes": ["WELCOME"] if o.discount[row] else [],
            "customer": self.customer(int(o.customer[row])) if o.customer[row] >= 0 else None,
            "shippingAddress": address,
            "billingAddress": address,
            "customerJourneySummary": self._journey(row),
            "lineItems": Connection(
                [self._line(line) for line in range(self.line_start[row], self.line_start[row + 1])]
            ),
            "refunds": refunds,
        }

    def _totals(self, row: int, refunded: int) -> Record:
        o = self.scene.world.orders
        net_of_discount = int(o.gross[row] - o.discount[row])
        total = net_of_discount + int(o.shipping[row]) + (0 if o.is_tax_included[row] else int(o.tax[row]))
        return {
            "totalPriceSet": self._bag(row, total),
            "subtotalPriceSet": self._bag(row, net_of_discount),
            "totalTaxSet": self._bag(row, o.tax[row]),
            "totalDiscountsSet": self._bag(row, o.discount[row]),
            "totalShippingPriceSet": self._bag(row, o.shipping[row]),
            "totalRefundedSet": self._bag(row, refunded),
        }

    def _journey(self, row: int) -> Record:
        orders = self.scene.world.orders
        if orders.channel[row] < 0:
            return {"ready": True, "firstVisit": None, "lastVisit": None}
        source, campaign = CHANNELS[orders.channel[row]], CAMPAIGNS[orders.campaign[row]]
        visit = {
            "id": gid("CustomerVisit", orders.order_id[row]),
            "landingPage": f"https://aurora.example/?utm_source={source}&utm_campaign={campaign}",
            "referrerUrl": None,
            "source": source,
            "utmParameters": {
                "source": source,
                "medium": _MEDIUM[source],
                "campaign": campaign,
                "content": None,
                "term": None,
            },
        }
        return {"ready": True, "firstVisit": visit, "lastVisit": visit}

    def _line(self, row: int) -> Record:
        w = self.scene.world
        lines, order, product = w.lines, int(w.lines.order[row]), int(w.lines.product[row])
        full = int(lines.quantity[row] * lines.unit_price[row])
        rate = float(VAT[w.orders.country[order]])
        title = w.products.title[product]
        allocations = [{"allocatedAmountSet": self._bag(order, lines.discount[row])}] if lines.discount[row] else []
        tax = {"title": "VAT", "rate": rate, "ratePercentage": 100 * rate, "priceSet": self._bag(order, lines.tax[row])}
        return {
            "id": gid("LineItem", lines.line_id[row]),
            "title": title,
            "name": title,
            "sku": w.products.sku[product],
            "quantity": int(lines.quantity[row]),
            "currentQuantity": int(lines.quantity[row]),
            "taxable": rate > 0,
            "isGiftCard": False,
            "product": {
                "id": gid("Product", w.products.product_id[product]),
                "title": title,
                "productType": w.products.product_type[product],
            },
            "variant": {
                "id": gid("ProductVariant", w.products.product_id[product] + 1),
                "sku": w.products.sku[product],
                "title": "Default Title",
            },
            "originalUnitPriceSet": self._bag(order, lines.unit_price[row]),
            "originalTotalSet": self._bag(order, full),
            "discountedTotalSet": self._bag(order, full),
            # A code's discount belongs to the order: it is in the allocations and not in the line's own discount.
            "totalDiscountSet": self._bag(order, 0),
            "discountAllocations": allocations,
            "taxLines": [tax] if rate > 0 else [],
        }

    def _refunded(self, refund: int) -> int:
        """Cents given back by a refund, with tax."""
        w = self.scene.world
        rows = range(self.refund_line_start[refund], self.refund_line_start[refund + 1])
        added_tax = 0 if w.orders.is_tax_included[w.books.refunds.order[refund]] else 1
        lines = sum(int(w.books.lines.amount[r] + added_tax * w.books.lines.tax[r]) for r in rows)
        return lines + int(w.books.refunds.adjustment[refund])

    def refund(self, row: int) -> Record:
        """A refund. Lines are positive and include tax where prices do; adjustments are negative and without tax."""
        books = self.scene.world.books
        refunds, order = books.refunds, int(books.refunds.order[row])
        rows = range(self.refund_line_start[row], self.refund_line_start[row + 1])
        tax = int(refunds.adjustment_tax[row])
        adjustment = {
            "id": gid("OrderAdjustment", refunds.refund_id[row] + 1),
            "amountSet": self._bag(order, -(int(refunds.adjustment[row]) - tax)),
            "taxAmountSet": self._bag(order, -tax),
            "reason": "REFUND_DISCREPANCY",
        }
        return {
            "id": gid("Refund", refunds.refund_id[row]),
            "legacyResourceId": str(refunds.refund_id[row]),
            "createdAt": iso(refunds.created_at[row]),
            "updatedAt": iso(refunds.created_at[row]),
            "note": None,
            "totalRefundedSet": self._bag(order, self._refunded(row)),
            "refundLineItems": Connection([self._refund_line(order, line) for line in rows]),
            "orderAdjustments": Connection([adjustment] if refunds.adjustment[row] else []),
            "refundShippingLines": Connection([]),
        }

    def _refund_line(self, order: int, row: int) -> Record:
        w = self.scene.world
        lines = w.books.lines
        return {
            "id": gid("RefundLineItem", row + 1),
            "lineItem": self._line(int(lines.line[row])),
            "quantity": int(lines.quantity[row]),
            "restockType": "RETURN",
            "priceSet": self._bag(order, w.lines.unit_price[lines.line[row]]),
            "subtotalSet": self._bag(order, lines.amount[row]),
            "totalTaxSet": self._bag(order, lines.tax[row]),
        }

    def customer(self, row: int) -> Record:
        """A customer's account."""
        w, clock = self.scene.world, self.scene.clock
        accounts, person = w.customers, int(w.customers.person[row])
        left = bool(accounts.unsubscribed_at[row] <= clock)
        state = "NOT_SUBSCRIBED" if not accounts.consent[row] else "UNSUBSCRIBED" if left else "SUBSCRIBED"
        since = (
            iso(accounts.unsubscribed_at[row] if left else accounts.created_at[row]) if accounts.consent[row] else None
        )
        email, phone = w.people.email[person], w.people.phone[person]
        country = COUNTRIES[w.people.country[person]]
        consent: dict[str, Any] = {"marketingState": state, "marketingOptInLevel": "SINGLE_OPT_IN"}
        name = f"{w.people.first_name[person]} {w.people.last_name[person]}"
        return {
            "id": gid("Customer", accounts.customer_id[row]),
            "legacyResourceId": str(accounts.customer_id[row]),
            "email": email,
            "phone": phone,
            "firstName": w.people.first_name[person],
            "lastName": w.people.last_name[person],
            "displayName": name,
            "createdAt": iso(accounts.created_at[row]),
            "updatedAt": iso(self.customer_updated_at[row]),
            "numberOfOrders": str(self.orders_count[row]),
            "state": "ENABLED",
            "verifiedEmail": True,
            "tags": [],
            "defaultEmailAddress": {**consent, "emailAddress": email, "marketingUpdatedAt": since},
            "emailMarketingConsent": {**consent, "consentUpdatedAt": since},
            "defaultPhoneNumber": {"phoneNumber": phone} if phone else None,
            "defaultAddress": {"countryCodeV2": country, "country": country},
        }

    def checkout(self, row: int) -> Record:
        """An abandoned checkout, in the shop's currency."""
        checkouts = self.scene.world.checkouts
        is_completed = checkouts.completed_at[row] <= self.scene.clock
        money = {"amount": f"{checkouts.total[row] / 100:.2f}", "currencyCode": "EUR"}
        bag = {"shopMoney": money, "presentmentMoney": money}
        return {
            "id": gid("AbandonedCheckout", checkouts.checkout_id[row]),
            "name": f"#{checkouts.checkout_id[row]}",
            "createdAt": iso(checkouts.created_at[row]),
            "updatedAt": iso(checkouts.completed_at[row] if is_completed else checkouts.created_at[row]),
            "completedAt": iso(checkouts.completed_at[row]) if is_completed else None,
            "customer": self.customer(int(checkouts.customer[row])) if checkouts.customer[row] >= 0 else None,
            "totalPriceSet": bag,
            "subtotalPriceSet": bag,
        }

    def shop(self) -> Record:
        """The shop itself."""
        return {
            "id": gid("Shop", 1),
            "name": "Aurora",
            "email": "hello@aurora.example",
            "myshopifyDomain": "aurora.myshopify.com",
            "currencyCode": "EUR",
            "ianaTimezone": self.scene.world.options.timezone,
            "timezoneOffset": self.scene.local_now.strftime("%z"),
            "taxesIncluded": True,
        }


def _status(refunded: int, charged: int, is_cancelled: bool, is_paid: bool) -> str:
    if not is_paid:
        return "VOIDED" if is_cancelled else "PENDING"
    if refunded <= 0:
        return "PAID"
    return "REFUNDED" if refunded >= charged else "PARTIALLY_REFUNDED"


def visible(moment: Integers, clock: int) -> Integers:
    """Rows that exist at the clock."""
    return np.flatnonzero((moment <= clock) & (moment < NEVER))
