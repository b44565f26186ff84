"""Everyone in the world: buyers, leads and staff, each one identity behind a contact, a shop customer or a handle."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from sandbox.options import WorldOptions
from sandbox.world.calendar import DAY, HOUR, Calendar, order_seconds
from sandbox.world.columns import NEVER, Columns, Flags, Floats, Integers, Texts, texts
from sandbox.world.purchases import Buyers
from sandbox.world.rng import stream

COUNTRIES = ("FR", "DE", "BE", "IT", "ES", "CH", "US")
_COUNTRY_SHARES = (0.52, 0.11, 0.08, 0.07, 0.07, 0.12, 0.03)
CHANNELS = ("instagram", "google", "newsletter", "direct", "affiliate")
_CHANNEL_SHARES = (0.34, 0.27, 0.17, 0.15, 0.07)
_FIRST = (
    "Alice", "Amina", "Anna", "Antoine", "Bruno", "Camille", "Carla", "Chloé", "Claire", "Daniel", "David",
    "Elena", "Elise", "Emma", "Eva", "Fabien", "Giulia", "Hugo", "Inès", "Jean", "Jonas", "Julia", "Karim",
    "Laura", "Léa", "Lena", "Louis", "Lucas", "Luis", "Manon", "Marco", "Maria", "Marie", "Mathis", "Nadia",
    "Nina", "Noah", "Nora", "Olivier", "Paul", "Pierre", "Rania", "Sara", "Simon", "Sofia", "Théo", "Thomas",
    "Victor", "Yasmine", "Zoé",
)  # fmt: skip
_LAST = (
    "Albert", "André", "Baumann", "Becker", "Bernard", "Bianchi", "Blanc", "Bonnet", "Caron", "Costa", "Dubois",
    "Dumas", "Durand", "Faure", "Favre", "Ferrari", "Fischer", "Fontaine", "Fournier", "García", "Gauthier",
    "Girard", "Gomez", "Keller", "Lambert", "Laurent", "Lefèvre", "Lopez", "Martin", "Mercier", "Meyer", "Moreau",
    "Morel", "Müller", "Navarro", "Peeters", "Perrin", "Petit", "Renard", "Ricci", "Rossi", "Roussel", "Schmid",
    "Schneider", "Simon", "Torres", "Vidal", "Weber",
)  # fmt: skip
_DOMAINS = ("mail.example", "post.example", "courrier.example", "inbox.example")
_PHONES = 10_000


@dataclass(frozen=True)
class People(Columns):
    """One row per person: the buyers first, in the order of their latent traits, then leads, then staff."""

    person: Integers
    first_name: Texts
    last_name: Texts
    email: Texts
    phone: Texts
    """E.164, from the numbers that the French regulator keeps for fiction; None where not known."""
    handle: Texts
    country: Integers
    channel: Integers
    known_at: Integers
    """Signed up or bought for the first time."""
    basket: Floats
    """Typical order value in euros; 0 for those who never buy."""
    is_buyer: Flags


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()


def _shared(rng: np.random.Generator, values: Texts, share: float) -> Texts:
    """Blank out all but a share of the values."""
    values[rng.random(len(values)) >= share] = None
    return values


def _phones(rng: np.random.Generator, n: int) -> Texts:
    """Distinct numbers while they last, except that one household in a hundred shares its number."""
    numbers = rng.permutation(_PHONES)[: min(n, _PHONES)]
    phones = texts([f"+3363998{number:04d}" for number in numbers] + [None] * (n - len(numbers)))
    _shared(rng, phones, 0.6)
    sharing = np.flatnonzero(rng.random(n - 1) < 0.01)
    phones[sharing + 1] = phones[sharing]
    return phones


def people(options: WorldOptions, calendar: Calendar, buyers: Buyers) -> People:
    """Buyers, three leads for ten buyers, and two members of staff who place test orders."""
    rng = stream(options.seed, "people")
    n_buyers, n_leads, n_staff = len(buyers), int(0.3 * len(buyers)), 2
    n = n_buyers + n_leads + n_staff
    person = np.arange(n)
    first, last = rng.integers(0, len(_FIRST), n), rng.integers(0, len(_LAST), n)
    plain = [f"{_plain(_FIRST[f])}.{_plain(_LAST[s])}" for f, s in zip(first, last, strict=True)]
    domain = rng.integers(0, len(_DOMAINS), n)
    email = texts([f"{name}{i}@{_DOMAINS[d]}" for name, i, d in zip(plain, person, domain, strict=True)])
    handle = texts([f"{name.replace('.', '_')}_{i}" for name, i in zip(plain, person, strict=True)])
    lead_day = rng.integers(0, calendar.days, n_leads)
    day = np.concatenate([buyers.first_day, lead_day, np.zeros(n_staff, dtype=np.int64)])
    return People(
        person=person,
        first_name=texts([_FIRST[i] for i in first]),
        last_name=texts([_LAST[i] for i in last]),
        email=email,
        phone=_phones(rng, n),
        handle=_shared(rng, handle, 0.25),
        country=rng.choice(len(COUNTRIES), size=n, p=_COUNTRY_SHARES).astype(np.int64),
        channel=rng.choice(len(CHANNELS), size=n, p=_CHANNEL_SHARES).astype(np.int64),
        known_at=calendar.moment(day, order_seconds(rng, n)),
        basket=np.where(person < n_buyers, np.exp(np.log(58) + 0.42 * rng.standard_normal(n)), 0.0),
        is_buyer=person < n_buyers,
    )


@dataclass(frozen=True)
class ShopCustomers(Columns):
    """One row per customer account of the shop; the e-mail is the person's."""

    customer_id: Integers
    person: Integers
    created_at: Integers
    consent: Integers
    """0 never asked, 1 subscribed."""
    unsubscribed_at: Integers
    edited_at: Integers
    """A later change of the address or a note."""


def shop_customers(options: WorldOptions, folk: People) -> ShopCustomers:
    """An account for each buyer and member of staff, and for one lead in ten."""
    rng = stream(options.seed, "shop customers")
    has_account = folk.is_buyer | (folk.person >= len(folk) - 2) | (rng.random(len(folk)) < 0.1)
    person = folk.person[has_account]
    n = len(person)
    created = folk.known_at[has_account] - rng.integers(60, 1800, n)
    order = np.argsort(created, kind="stable")
    created, person = created[order], person[order]
    consent = (rng.random(n) < 0.55).astype(np.int64)
    leaves = (consent == 1) & (rng.random(n) < 0.15)
    return ShopCustomers(
        customer_id=7_100_000_000_000 + 37 * np.arange(n),
        person=person,
        created_at=created,
        consent=consent,
        unsubscribed_at=np.where(leaves, created + rng.integers(5 * DAY, 300 * DAY, n), NEVER),
        edited_at=np.where(rng.random(n) < 0.1, created + rng.integers(HOUR, 400 * DAY, n), NEVER),
    )
