"""HubSpot's contacts, companies and deals of a scene: visible rows, moments in columns, properties as strings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache

import numpy as np

from sandbox.scene import Scene, iso
from sandbox.world.columns import NEVER, Flags, Integers
from sandbox.world.people import CHANNELS, COUNTRIES
from sandbox.world.rates import CURRENCIES

Properties = dict[str, str | None]
_SOURCES = dict(
    zip(CHANNELS, ("SOCIAL_MEDIA", "PAID_SEARCH", "EMAIL_MARKETING", "DIRECT_TRAFFIC", "REFERRALS"), strict=True)
)
_COUNTRY_NAMES = dict(
    zip(COUNTRIES, ("France", "Germany", "Belgium", "Italy", "Spain", "Switzerland", "United States"), strict=True)
)


def milliseconds(moment: Integers) -> Integers:
    """Epoch milliseconds; the fraction follows from the second, so that equal moments stay equal."""
    return np.asarray(moment * 1000 + (moment * 7919) % 1000)


def iso_milliseconds(moment: int) -> str:
    """ISO 8601 in UTC with milliseconds."""
    ms = int(milliseconds(np.array(moment)))
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


@dataclass(frozen=True)
class ObjectType:
    """Records of one type at the clock; `live` and `archived` are rows by rising id."""

    name: str
    ids: Integers
    created: Integers
    modified: Integers
    archived_at: Integers
    live: Integers
    archived: Integers
    modified_property: str
    render: Callable[[int], Properties]
    merged_into: dict[int, int] = field(default_factory=dict)
    """Id of a merged record to the id of the one that took it in."""
    _rendered: dict[int, Properties] = field(default_factory=dict)

    def properties(self, row: int) -> Properties:
        """All properties of a record; kept once rendered."""
        if row not in self._rendered:
            self._rendered[row] = {
                **self.render(row),
                "hs_object_id": str(self.ids[row]),
                "createdate": iso_milliseconds(int(self.created[row])),
                self.modified_property: iso_milliseconds(int(self.modified[row])),
            }
        return self._rendered[row]

    @cached_property
    def row_of(self) -> dict[int, int]:
        """Row of each record that is there or in the archive, by its id and by those that were merged into it."""
        known = {int(self.ids[row]): int(row) for rows in (self.live, self.archived) for row in rows}
        return known | {old: known[new] for old, new in self.merged_into.items() if new in known}

    @cached_property
    def selections(self) -> dict[bytes, Integers]:
        """Answers to searches, for their next pages."""
        return {}

    @cached_property
    def numbers(self) -> dict[str, Integers]:
        """Properties that are searched and sorted as numbers, for all records."""
        return {
            "hs_object_id": self.ids,
            "createdate": milliseconds(self.created),
            self.modified_property: milliseconds(self.modified),
        }


@dataclass(frozen=True)
class HubspotScene:
    """What HubSpot shows at the clock."""

    scene: Scene

    @cached_property
    def types(self) -> dict[str, ObjectType]:
        """Object types by the name in the path."""
        return {"contacts": self._contacts(), "companies": self._companies(), "deals": self._deals()}

    @cached_property
    def associations(self) -> dict[str, dict[int, int]]:
        """Associated record of each deal, by the type of the associated record; archived records have none."""
        deals = self.scene.world.deals
        lost = set(self.types["contacts"].ids[self.types["contacts"].archived].tolist())
        contacts = zip(deals.deal_id.tolist(), deals.contact_id.tolist(), strict=True)
        return {
            "contacts": {deal: contact for deal, contact in contacts if contact not in lost},
            "companies": dict(zip(deals.deal_id.tolist(), deals.company_id.tolist(), strict=True)),
        }

    def _rows(self, ids: Integers, exists: Flags, archived_at: Integers) -> tuple[Integers, Integers]:
        is_archived = archived_at <= self.scene.clock
        live, archived = np.flatnonzero(exists & ~is_archived), np.flatnonzero(exists & is_archived)
        return live[np.argsort(ids[live])], archived[np.argsort(ids[archived])]

    def _contacts(self) -> ObjectType:
        known, clock = self.scene.world.contacts, self.scene.clock
        losers = np.flatnonzero(known.merged_at <= clock)
        row_of = {int(contact_id): row for row, contact_id in enumerate(known.contact_id)}
        merged: dict[int, list[int]] = {}
        absorbed_at = np.full(len(known), NEVER)
        for loser in losers[np.argsort(known.merged_at[losers])]:
            survivor = row_of[int(known.merged_into[loser])]
            merged.setdefault(survivor, []).append(int(loser))
            absorbed_at[survivor] = known.merged_at[loser]
        modified = self.scene.latest(
            known.created_at, known.customer_at, known.opted_out_at, known.edited_at, absorbed_at
        )
        exists = (known.created_at <= clock) & (known.merged_at > clock)
        live, archived = self._rows(known.contact_id, exists, known.archived_at)

        def render(row: int) -> Properties:
            return self._contact(row, merged.get(row, []))

        return ObjectType(
            "contacts",
            known.contact_id,
            known.created_at,
            modified,
            known.archived_at,
            live,
            archived,
            "lastmodifieddate",
            render,
            dict(zip(known.contact_id[losers].tolist(), known.merged_into[losers].tolist(), strict=True)),
        )

    def _contact(self, row: int, merged: list[int]) -> Properties:
        known, folk, clock = self.scene.world.contacts, self.scene.world.people, self.scene.clock
        person = known.person[row]
        opt_out = "" if not known.consent[row] else "true" if known.opted_out_at[row] <= clock else "false"
        country = COUNTRIES[folk.country[person]]
        is_customer = known.customer_at[row] <= clock
        others = [known.email[r] for r in merged if known.email[r] and known.email[r] != known.email[row]]
        return {
            "email": known.email[row],
            "phone": known.phone[row],
            "firstname": folk.first_name[person],
            "lastname": folk.last_name[person],
            "country": _COUNTRY_NAMES[country],
            "hs_country_region_code": country,
            "lifecyclestage": "customer" if is_customer else "lead" if known.consent[row] else "subscriber",
            "hs_analytics_source": _SOURCES[CHANNELS[folk.channel[person]]],
            "hs_email_optout": opt_out,
            "instagram_handle": folk.handle[person] if known.has_handle[row] else None,
            "hs_merged_object_ids": ";".join(str(known.contact_id[r]) for r in merged) or None,
            "hs_additional_emails": ";".join(others) or None,
        }

    def _companies(self) -> ObjectType:
        firms = self.scene.world.companies
        never = np.full(len(firms), NEVER)
        live, archived = self._rows(firms.company_id, firms.created_at <= self.scene.clock, never)
        modified = self.scene.latest(firms.created_at, firms.edited_at)

        def render(row: int) -> Properties:
            country = COUNTRIES[firms.country[row]]
            return {
                "name": firms.name[row],
                "industry": firms.industry[row],
                "country": _COUNTRY_NAMES[country],
                "hs_country_code": country,
            }

        return ObjectType(
            "companies",
            firms.company_id,
            firms.created_at,
            modified,
            never,
            live,
            archived,
            "hs_lastmodifieddate",
            render,
        )

    def _deals(self) -> ObjectType:
        deals, clock = self.scene.world.deals, self.scene.clock
        live, archived = self._rows(deals.deal_id, deals.created_at <= clock, deals.archived_at)
        modified = self.scene.latest(deals.created_at, deals.closed_at)

        def render(row: int) -> Properties:
            is_closed = deals.closed_at[row] <= clock
            is_won = is_closed and bool(deals.is_won[row])
            closing = deals.closed_at[row] if deals.closed_at[row] < NEVER else deals.created_at[row] + 60 * 86_400
            return {
                "dealname": f"Deal {deals.deal_id[row]}",
                "amount": f"{deals.amount[row] / 100:.2f}",
                "deal_currency_code": CURRENCIES[deals.currency[row]],
                "pipeline": "default",
                "dealstage": ("closedwon" if is_won else "closedlost") if is_closed else deals.stage[row],
                "hs_is_closed_won": "true" if is_won else "false",
                "hs_is_closed": "true" if is_closed else "false",
                "closedate": iso(int(closing)),
            }

        return ObjectType(
            "deals",
            deals.deal_id,
            deals.created_at,
            modified,
            deals.archived_at,
            live,
            archived,
            "hs_lastmodifieddate",
            render,
        )


@lru_cache(maxsize=3)
def hubspot(scene: Scene) -> HubspotScene:
    """What HubSpot shows of a scene; kept while it is asked for."""
    return HubspotScene(scene)
