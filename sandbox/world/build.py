"""The whole world, put together from its parts."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.options import WorldOptions
from sandbox.world.audience import Audience, audience
from sandbox.world.calendar import Calendar, calendar
from sandbox.world.comments import Comments, comments
from sandbox.world.crm import Companies, Contacts, Deals, companies, contacts, deals
from sandbox.world.orders import Checkouts, OrderLines, Orders, Products, checkouts, orders, products
from sandbox.world.people import People, ShopCustomers, people, shop_customers
from sandbox.world.posts import Posts, posts
from sandbox.world.purchases import Buyers, Purchases, purchases
from sandbox.world.rates import Rates, rates
from sandbox.world.readings import LikeGains, no_gains
from sandbox.world.refunds import Books, refunds


@dataclass(frozen=True)
class World:
    """Everything that was and will be. Who looks at it must hide what lies after the clock."""

    options: WorldOptions
    calendar: Calendar
    rates: Rates
    buyers: Buyers
    purchases: Purchases
    people: People
    customers: ShopCustomers
    contacts: Contacts
    companies: Companies
    deals: Deals
    products: Products
    orders: Orders
    lines: OrderLines
    books: Books
    checkouts: Checkouts
    posts: Posts
    comments: Comments
    audience: Audience
    gains: LikeGains


def build(options: WorldOptions) -> World:
    """The world of these options; the same options give the same world."""
    days = calendar(options)
    buyers, bought = purchases(options, days)
    folk = people(options, days, buyers)
    accounts = shop_customers(options, folk)
    known = contacts(options, folk)
    firms = companies(options, days)
    goods = products(options)
    sold, lines = orders(options, days, folk, accounts, bought, goods)
    shown = posts(options, days)
    return World(
        options=options,
        calendar=days,
        rates=rates(options, days),
        buyers=buyers,
        purchases=bought,
        people=folk,
        customers=accounts,
        contacts=known,
        companies=firms,
        deals=deals(options, known, firms),
        products=goods,
        orders=sold,
        lines=lines,
        books=refunds(options, sold, lines),
        checkouts=checkouts(options, days, accounts, sold),
        posts=shown,
        comments=comments(options, folk, shown),
        audience=audience(options, days, shown),
        gains=no_gains(),
    )
