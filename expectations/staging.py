"""The suites of the intermediate layer: what keys and single rows cannot show before the marts are built on it.

Events stand before the end of their brand's day, effects after their causes, joins keep rows and money, persons stay
persons, and lifetime counters do what such counters do. Each function returns a new list of expectations.
"""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from expectations.custom import ExpectVerdict, percent, rows_preserved, verdict, verdict_on_share
from expectations.sql import grouped

RUN = "staging.stg_config__run"
_VISIBLE_UNTIL = f"coalesce(visible_until, (select as_of_at from {RUN}))"
"""A run for a past day ends with the brand's own day; brands that are not configured go by UTC."""


def suite(table: str) -> list[Expectation]:
    """Expectations of one of `STAGING_TABLES`."""
    return _SUITES[table]()


def _before_as_of(table: str, column: str) -> ExpectVerdict:
    return verdict_on_share(
        "no_event_after_as_of",
        f"{table} left join intermediate.int_brand_clocks using (brand_id)",
        f"rows with {column} later than the run",
        f"{column} >= {_VISIBLE_UNTIL}",
        "What a run for a past day sees of later days would be hindsight, in models and their backtests most of all.",
        column=column,
    )


def orders() -> list[Expectation]:
    """Orders of all sources."""
    table = "intermediate.int_orders_priced"
    upstream = (
        "select order_id from intermediate.int_orders left join intermediate.int_brand_clocks using (brand_id)"
        f" where ordered_at < {_VISIBLE_UNTIL}"
    )
    return [
        _before_as_of(table, "ordered_at"),
        rows_preserved(table, f"({upstream}) as upstream", "An order of an unknown brand falls out here."),
        verdict_on_share(
            "plausible_date",
            table,
            "orders are dated before 1995",
            "ordered_at < timestamp '1995-01-01'",
            "No shop took orders on the web before; a date of 1970 or 1900 is a number that was read as a date.",
            column="ordered_at",
        ),
        verdict_on_share(
            "customer_found",
            table,
            "orders with a customer of the source lead to no person",
            "customer_key is null",
            "A customer who registers and buys between two reads is missing for one run; many are a broken join.",
            max_share=0.01,
            among="customer_id is not null",
            column="customer_key",
        ),
    ]


def refunds() -> list[Expectation]:
    """Refunds of all sources."""
    table = "intermediate.int_refunds_priced"
    return [
        _before_as_of(table, "refunded_at"),
        verdict_on_share(
            "order_known",
            table,
            "refunds are of no known order",
            "not is_order_known",
            "Orders older than a file's first day are refunded too, so some; their refunds count nowhere.",
            max_share=0.05,
            column="order_id",
        ),
        verdict_on_share(
            "refund_after_order",
            table,
            "refunds are dated before their order",
            "refunded_on < ordered_on",
            "An imported order keeps its old refunds at times; more are dates in the wrong column or time zone.",
            max_share=0.005,
            among="ordered_on is not null",
            column="refunded_on",
        ),
    ]


def customer_order_days() -> list[Expectation]:
    """What the purchase models read."""
    query = f"""
        select
            {grouped("round(here)")} || ' of net revenue from orders of ' || {grouped("round(there)")} as observed,
            abs(here - there) <= 0.01 + 1e-9 * abs(there) as is_met
        from (
            select
                (select coalesce(sum(net_revenue), 0) from intermediate.int_customer_order_days) as here,
                (
                    select coalesce(sum(net_amount_reporting), 0)::double from intermediate.int_orders_priced
                    where is_revenue_order and customer_key is not null
                ) as there
        ) as sums
    """
    why = "A day that fans out over a join counts its orders again; a cent covers the rounding of a sum of doubles."
    return [verdict("revenue_preserved", query, "both must be the same to a cent", why, column="net_revenue")]


def person_identities() -> list[Expectation]:
    """Which records are one person."""
    table = "intermediate.int_person_identities"
    persons = f"""
        (
            select customer_key, count(*) as accounts_count from {table}
            where record_type <> 'guest_order' group by customer_key
        ) as persons
    """
    accounts = "(select record_key from {} where record_type <> 'guest_order') as accounts"
    kept = rows_preserved(
        accounts.format(table),
        accounts.format("intermediate.int_person_records"),
        "A merge whose survivor is unknown drops its record. Guest orders behind a shared address may be left out.",
    )
    return [
        kept,
        verdict_on_share(
            "no_giant_person",
            persons,
            "persons have more than 20 accounts",
            "accounts_count > 20",
            "Ten accounts behind an address are the limit of the rule, merges may double them; beyond is a chain.",
            column="customer_key",
        ),
        verdict_on_share(
            "few_large_persons",
            persons,
            "persons have more than 5 accounts",
            "accounts_count > 5",
            "A person has a contact and a shop account, at times some more; many such persons share a test address.",
            max_share=0.01,
            column="customer_key",
        ),
    ]


def posts() -> list[Expectation]:
    """Posts of all networks."""
    table = "intermediate.int_posts_merged"
    missing = f"""
        (
            select distinct known.network, known.id_scope, known.post_id as known_id, posts.post_id
            from intermediate.int_posts as known left join {table} as posts using (network, id_scope, post_id)
            left join intermediate.int_accounts_assigned as accounts
                on accounts.network = known.network
                and accounts.id_scope = known.id_scope
                and accounts.account_id = known.account_id
            left join intermediate.int_brand_clocks as clocks on clocks.brand_id = accounts.brand_id
            where known.posted_at < {_VISIBLE_UNTIL}
        ) as known
    """
    return [
        verdict_on_share(
            "posts_kept",
            missing,
            "posts of a source are none of ours",
            "post_id is null",
            "A post whose account is not known falls out of every figure.",
            column="post_id",
        ),
        verdict_on_share(
            "dated",
            table,
            "posts have no date",
            "posted_at is null",
            "A post known by its readings alone has none; when many have none, the file of the posts is missing.",
            max_share=0.05,
            column="posted_at",
        ),
        verdict_on_share(
            "deleted_after_posted",
            table,
            "posts were deleted before they were posted",
            "deleted_at < posted_at",
            "Deletion is what we saw at a reading, so the order of the two is our own clock's.",
            column="deleted_at",
        ),
    ]


def post_readings() -> list[Expectation]:
    """Lifetime counters of posts at their readings."""
    table = "intermediate.int_post_readings_totalled"
    return [
        _before_as_of(table, "observed_at"),
        verdict_on_share(
            "read_after_posted",
            table,
            "readings are of posts not yet posted",
            "post_age_hours < -1",
            "Clocks differ by minutes; an hour or more is a time zone that was taken for another.",
            column="post_age_hours",
        ),
        _falling_counter(table, "impressions", 0.02, 0.02),
        _falling_counter(table, "reactions", 0.2, 0.05),
        verdict_on_share(
            "reach_within_impressions",
            table,
            "readings have more reach than impressions",
            "reach > impressions",
            "Nobody is reached without a display; networks estimate reach, so a few may slip over it.",
            max_share=0.02,
            among="reach is not null and impressions is not null",
            column="reach",
        ),
    ]


def _falling_counter(table: str, counter: str, by: float, max_share: float) -> ExpectVerdict:
    posts_of = f"""
        (
            select post_key, bool_or({counter} < (1 - {by}) * previous and previous >= 50) as has_fallen
            from (
                select post_key, {counter}, lag({counter}) over (partition by post_key order by observed_at) as previous
                from {table} where {counter} is not null
            ) as readings
            where previous is not null
            group by post_key
        ) as posts
    """
    return verdict_on_share(
        f"{counter}_do_not_fall",
        posts_of,
        f"posts lost more than {percent(by)} of their {counter} between two readings",
        "has_fallen",
        "Counts of one post fall when the network removes false ones or people take them back; counts of many posts "
        "fall when a metric changed its meaning or readings of two posts are mixed. Below 50 a few are a large share.",
        max_share=max_share,
        column=counter,
    )


def account_readings() -> list[Expectation]:
    """Public counts of accounts at their readings."""
    table = "intermediate.int_account_readings_deduplicated"
    jumps = f"""
        (
            select followers_count, observed_at,
                lag(followers_count) over account as previous, lag(observed_at) over account as previous_at
            from {table} where followers_count is not null
            window account as (partition by account_key order by observed_at)
        ) as readings
    """
    newest = f"""
        (
            select max(observed_at) as newest_at from {table} where reading_source = 'api' group by account_key
        ) as accounts
    """
    return [
        _before_as_of(table, "observed_at"),
        verdict_on_share(
            "followers_do_not_jump",
            jumps,
            "readings have twice or half the followers of the one before",
            "followers_count not between 0.5 * previous and 2 * previous",
            "In a week and above 1,000 followers only a mixed-up account or a number in thousands does so.",
            max_share=0.005,
            among="previous >= 1000 and observed_at < previous_at + interval 7 day",
            column="followers_count",
        ),
        verdict_on_share(
            "fresh",
            newest,
            "accounts were not read within the configured freshness",
            f"newest_at < (select as_of_at - freshness_hours * interval 1 hour from {RUN})",
            "An account is read once a day; a figure of an older day is shown as if it were of today.",
            severity="warning",
            column="observed_at",
        ),
    ]


def account_windows() -> list[Expectation]:
    """Reach of accounts over windows."""
    table = "intermediate.int_account_windows_deduplicated"
    newest = f"""
        (
            select max(window_end) as newest_end from {table} where reading_source = 'api' group by account_key
        ) as accounts
    """
    return [
        verdict_on_share(
            "reach_within_impressions",
            table,
            "windows have more reach than impressions",
            "reach > impressions",
            "Nobody is reached without a display; networks estimate reach, so a few may slip over it.",
            max_share=0.02,
            among="reach is not null and impressions is not null",
            column="reach",
        ),
        verdict_on_share(
            "fresh",
            newest,
            "accounts have no window of the last four days",
            f"newest_end < (select as_of from {RUN}) - 4",
            "Networks state a day one or two days late; two more are a weekend's outage.",
            severity="warning",
            column="window_end",
        ),
    ]


def messages() -> list[Expectation]:
    """Comments."""
    table = "intermediate.int_messages_threaded"
    replies = f"""
        (
            select message.posted_at, parent.posted_at as parent_posted_at
            from {table} as message inner join {table} as parent on message.parent_message_key = parent.message_key
        ) as replies
    """
    commented = f"""
        (
            select message.posted_at, posts.posted_at as post_posted_at
            from {table} as message
            inner join intermediate.int_posts_merged as posts on message.post_key = posts.post_key
        ) as comments
    """
    return [
        verdict_on_share(
            "reply_after_message",
            replies,
            "replies are older than what they reply to",
            "posted_at < parent_posted_at",
            "Response times count from one to the other; a network that moved a thread may have a few.",
            max_share=0.005,
            column="posted_at",
        ),
        verdict_on_share(
            "comment_after_post",
            commented,
            "comments are older than their post",
            "posted_at < post_posted_at - interval 1 hour",
            "Clocks differ by minutes; an hour or more is a time zone that was taken for another.",
            max_share=0.005,
            column="posted_at",
        ),
    ]


def fx_rates() -> list[Expectation]:
    """Exchange rates by day."""
    days = """
        (
            select currency, units_per_reporting,
                lag(units_per_reporting) over (partition by currency order by rate_on) as previous
            from intermediate.int_fx_rates
        ) as days
    """
    return [
        verdict_on_share(
            "rates_do_not_jump",
            days,
            "daily rates are half again as high, or a third lower, than the day before",
            "units_per_reporting not between previous / 1.5 and previous * 1.5",
            "No currency that the ECB lists has moved so in a day; a shifted comma or a rate the other way round does.",
            among="previous is not null",
            column="units_per_reporting",
        )
    ]


_SUITES = {
    "intermediate.int_account_readings_deduplicated": account_readings,
    "intermediate.int_account_windows_deduplicated": account_windows,
    "intermediate.int_customer_order_days": customer_order_days,
    "intermediate.int_fx_rates": fx_rates,
    "intermediate.int_messages_threaded": messages,
    "intermediate.int_orders_priced": orders,
    "intermediate.int_person_identities": person_identities,
    "intermediate.int_post_readings_totalled": post_readings,
    "intermediate.int_posts_merged": posts,
    "intermediate.int_refunds_priced": refunds,
}
