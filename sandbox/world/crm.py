"""What HubSpot knows: contacts with duplicates that are merged later, archived ones, companies and deals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.options import WorldOptions
from sandbox.world.calendar import DAY, HOUR, Calendar
from sandbox.world.columns import NEVER, Columns, Flags, Integers, Texts, texts
from sandbox.world.people import People
from sandbox.world.rates import CURRENCIES
from sandbox.world.rng import stream

INDUSTRIES = ("RETAIL", "HOSPITALITY", "DESIGN", "REAL_ESTATE", "RESTAURANTS")
_STAGES = ("appointmentscheduled", "qualifiedtobuy", "contractsent")


@dataclass(frozen=True)
class Contacts(Columns):
    """One row per contact record. A person can have two until they are merged; the survivor keeps its id."""

    contact_id: Integers
    person: Integers
    email: Texts
    phone: Texts
    has_handle: Integers
    """1 where the contact's Instagram handle is known."""
    created_at: Integers
    customer_at: Integers
    """When the lifecycle stage became customer."""
    opted_out_at: Integers
    edited_at: Integers
    archived_at: Integers
    merged_at: Integers
    """When this record was merged into another one."""
    merged_into: Integers
    """Contact id of the survivor; -1 for none."""
    consent: Integers
    """0 unknown, 1 subscribed."""


@dataclass(frozen=True)
class Companies(Columns):
    """One row per company."""

    company_id: Integers
    name: Texts
    industry: Texts
    country: Integers
    created_at: Integers
    edited_at: Integers


@dataclass(frozen=True)
class Deals(Columns):
    """One row per deal; each has one contact and one company."""

    deal_id: Integers
    contact_id: Integers
    company_id: Integers
    amount: Integers
    """Cents of the deal's currency."""
    currency: Integers
    stage: Texts
    """Stage while the deal is open."""
    is_won: Integers
    created_at: Integers
    closed_at: Integers
    archived_at: Integers


def _emails_as_typed(rng: np.random.Generator, emails: Texts) -> Texts:
    """One in five was typed with capitals or a blank, one in twenty is missing."""
    how = rng.random(len(emails))
    return texts(
        [
            "" if h < 0.05 else e.title() if h < 0.15 else f"{e} " if h < 0.25 else e
            for e, h in zip(emails, how, strict=True)
        ]
    )


def _phones_as_typed(rng: np.random.Generator, phones: Texts) -> Texts:
    how = rng.random(len(phones))
    return texts([_typed_phone(p, h) for p, h in zip(phones, how, strict=True)])


def _typed_phone(phone: str | None, how: float) -> str:
    if not phone:
        return ""
    if how < 0.2:
        return f"+33 6 {phone[4:6]} {phone[6:8]} {phone[8:10]} {phone[10:]}"
    return phone.replace("+", "00") if how < 0.3 else phone


def contacts(options: WorldOptions, folk: People) -> Contacts:
    """A contact for 85 % of the buyers and for each lead; 4 % of them have a second one with a work e-mail."""
    rng = stream(options.seed, "contacts")
    has_contact = np.where(folk.is_buyer, rng.random(len(folk)) < 0.85, folk.person < len(folk) - 2)
    first = folk.person[has_contact]
    first_created = _first_created(rng, folk, first)
    twins = np.flatnonzero(rng.random(len(first)) < 0.04)
    person = np.concatenate([first, first[twins]])
    created = np.concatenate([first_created, first_created[twins] + rng.integers(DAY, 120 * DAY, len(twins))])
    n, is_twin = len(person), np.arange(len(person)) >= len(first)
    ids = _contact_ids(created)
    survivor = np.concatenate([np.full(len(first), -1), ids[twins]])
    merges = is_twin & (rng.random(n) < 0.8)
    archived = ~is_twin & (rng.random(n) < 0.02) & ~np.isin(np.arange(n), twins)
    consent = rng.random(n) < 0.6

    def later(chosen: Flags, least: int, most: int) -> Integers:
        return np.where(chosen, created + rng.integers(least, most, n), NEVER)

    work_email = texts([str(e).replace("@", ".work@") for e in folk.email[first[twins]]])
    return Contacts(
        contact_id=ids,
        person=person,
        email=np.concatenate([_emails_as_typed(rng, folk.email[first]), work_email]),
        phone=_phones_as_typed(rng, folk.phone[person]),
        has_handle=(rng.random(n) < 0.6).astype(np.int64),
        created_at=created,
        customer_at=np.where(folk.is_buyer[person], np.maximum(folk.known_at[person] + HOUR, created + 60), NEVER),
        opted_out_at=later(consent & (rng.random(n) < 0.12), DAY, 300 * DAY),
        edited_at=later(rng.random(n) < 0.3, HOUR, 400 * DAY),
        archived_at=later(archived, DAY, 300 * DAY),
        merged_at=later(merges, DAY, 200 * DAY),
        merged_into=np.where(merges, survivor, -1),
        consent=consent.astype(np.int64),
    )


def _first_created(rng: np.random.Generator, folk: People, person: Integers) -> Integers:
    """Some days before the first purchase or just after it; two leads in five came by one import, all at once."""
    n = len(person)
    before = np.where(rng.random(n) < 0.4, rng.integers(0, 30 * DAY, n), -rng.integers(5, 3600, n))
    created = folk.known_at[person] - before
    imported = ~folk.is_buyer[person] & (rng.random(n) < 0.4)
    created[imported] = np.quantile(created, 0.3, method="lower")
    return created


def _contact_ids(created: Integers) -> Integers:
    """Ids that rise with the time of creation, as HubSpot gives them."""
    rank = np.empty(len(created), dtype=np.int64)
    rank[np.argsort(created, kind="stable")] = np.arange(len(created))
    return 90_100_001 + 13 * rank


def companies(options: WorldOptions, calendar: Calendar) -> Companies:
    """Business customers: about one for forty people."""
    rng = stream(options.seed, "companies")
    n = max(options.customers // 40, 5)
    created = np.sort(rng.integers(calendar.midnight[0], calendar.midnight[-1], n))
    words = ("Atelier", "Maison", "Studio", "Hôtel", "Galerie", "Comptoir")
    return Companies(
        company_id=31_000_001 + 7 * np.arange(n),
        name=texts([f"{words[i % len(words)]} {chr(65 + i % 26)}{i:03d}" for i in range(n)]),
        industry=texts([INDUSTRIES[i] for i in rng.integers(0, len(INDUSTRIES), n)]),
        country=rng.integers(0, 6, n),
        created_at=created,
        edited_at=np.where(rng.random(n) < 0.4, created + rng.integers(HOUR, 300 * DAY, n), NEVER),
    )


def deals(options: WorldOptions, known: Contacts, firms: Companies) -> Deals:
    """About three deals a company, in three currencies; a deal is made after its company is known."""
    rng = stream(options.seed, "deals")
    n = 3 * len(firms)
    firm = rng.integers(0, len(firms), n)
    created = np.sort(firms.created_at[firm] + rng.integers(HOUR, 200 * DAY, n))
    lasting = np.flatnonzero((known.archived_at == NEVER) & (known.merged_at == NEVER))
    closes = rng.random(n) < 0.7
    return Deals(
        deal_id=52_000_001 + 11 * np.arange(n),
        contact_id=known.contact_id[rng.choice(lasting, n)],
        company_id=firms.company_id[firm],
        amount=np.round(np.exp(np.log(1800) + 0.8 * rng.standard_normal(n))).astype(np.int64) * 100,
        currency=rng.choice(len(CURRENCIES), size=n, p=[0.75, 0.15, 0.10]).astype(np.int64),
        stage=texts([_STAGES[i] for i in rng.integers(0, len(_STAGES), n)]),
        is_won=(rng.random(n) < 0.45).astype(np.int64),
        created_at=created,
        closed_at=np.where(closes, created + rng.integers(3 * DAY, 90 * DAY, n), NEVER),
        archived_at=np.where(rng.random(n) < 0.02, created + rng.integers(DAY, 100 * DAY, n), NEVER),
    )
