"""HubSpot's CRM API as the sandbox speaks it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Client


def found(sandbox: Client, name: str, **question: Any) -> list[dict[str, Any]]:
    """All records of a search, page by page."""
    records: list[dict[str, Any]] = []
    after: str | None = "0"
    while after is not None:
        page = sandbox.search(name, limit=100, after=after, **question).json()
        records += page["results"]
        after = page.get("paging", {}).get("next", {}).get("after")
    assert len(records) == page["total"]
    return records


def by(name: str, operator: str, value: object) -> list[dict[str, Any]]:
    return [{"filters": [{"propertyName": name, "operator": operator, "value": str(value)}]}]


def test_a_search_is_paged_to_the_end_in_the_order_asked_for(sandbox: Client) -> None:
    records = found(sandbox, "contacts", sorts=[{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}])
    changed = [record["updatedAt"] for record in records]
    assert changed == sorted(changed)
    assert len({record["id"] for record in records}) == len(records)
    middle = records[len(records) // 2]
    later = found(sandbox, "contacts", filterGroups=by("lastmodifieddate", "GTE", middle["updatedAt"]))
    assert {r["id"] for r in later} == {r["id"] for r in records if r["updatedAt"] >= middle["updatedAt"]}


def test_all_values_are_text_and_empty_is_not_null(sandbox: Client) -> None:
    names = ["email", "phone", "instagram_handle", "hs_email_optout", "no_such_property"]
    records = found(sandbox, "contacts", properties=names)
    values = [value for record in records for value in record["properties"].values()]
    assert all(value is None or isinstance(value, str) for value in values)
    assert any(record["properties"]["email"] == "" for record in records)
    assert any(record["properties"]["instagram_handle"] is None for record in records)
    assert all("no_such_property" not in record["properties"] for record in records)


def test_a_merged_contact_is_gone_and_its_survivor_names_it(sandbox: Client) -> None:
    records = found(sandbox, "contacts", properties=["hs_merged_object_ids", "hs_additional_emails"])
    survivors = [record for record in records if record["properties"]["hs_merged_object_ids"]]
    assert survivors
    present = {record["id"] for record in records}
    for survivor in survivors:
        merged = survivor["properties"]["hs_merged_object_ids"].split(";")
        assert not present & set(merged)
        assert sandbox.hubspot("GET", f"/crm/v3/objects/contacts/{merged[0]}").json()["id"] == survivor["id"]


def test_archived_contacts_are_only_in_the_archived_list(sandbox: Client) -> None:
    live = {record["id"] for record in found(sandbox, "contacts")}
    archived: list[dict[str, Any]] = []
    after = "0"
    while after:
        query = {"archived": "true", "limit": "2", "after": after}
        page = sandbox.hubspot("GET", "/crm/v3/objects/contacts", params=query).json()
        archived += page["results"]
        after = page.get("paging", {}).get("next", {}).get("after", "")
    assert archived
    assert all(record["archived"] and record["archivedAt"] for record in archived)
    assert not live & {record["id"] for record in archived}


def test_a_search_ends_at_its_ceiling(sandbox: Client) -> None:
    assert "10000" in sandbox.search("contacts", limit=200, after="9900").json()["message"]
    sandbox.control("conditions", api="hubspot", ceiling=50)
    beyond = sandbox.search("contacts", limit=20, after="40")
    assert beyond.status_code == 400
    assert beyond.json()["category"] == "VALIDATION_ERROR"
    assert sandbox.search("contacts", limit=10, after="40").status_code == 200
    sandbox.control("conditions", api="hubspot", ceiling=0)
    assert sandbox.search("contacts", limit=201).status_code == 400


def test_one_moment_can_hold_many_changes_and_is_read_by_id(sandbox: Client) -> None:
    records = found(sandbox, "contacts", sorts=[{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}])
    moments = [record["updatedAt"] for record in records]
    crowded = max(set(moments), key=moments.count)
    assert moments.count(crowded) > 10, "an import changes many contacts at once"
    same = [record for record in records if record["updatedAt"] == crowded]
    filters = by("lastmodifieddate", "EQ", crowded)[0]["filters"]
    filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": same[4]["id"]})
    rest = found(sandbox, "contacts", filterGroups=[{"filters": filters}])
    assert [r["id"] for r in rest] == [r["id"] for r in same[5:]]


def test_deals_have_a_contact_a_company_and_currencies(sandbox: Client) -> None:
    deals = found(sandbox, "deals", properties=["amount", "deal_currency_code", "hs_is_closed_won", "closedate"])
    assert len({deal["properties"]["deal_currency_code"] for deal in deals}) > 1
    inputs = [{"id": deal["id"]} for deal in deals]
    for name in ("contacts", "companies"):
        answer = sandbox.hubspot("POST", f"/crm/v4/associations/deals/{name}/batch/read", json={"inputs": inputs})
        assert answer.status_code == 200
        assert len(answer.json()["results"]) == len(deals)
        assert {type(pair["to"][0]["toObjectId"]) for pair in answer.json()["results"]} == {int}
    missing = sandbox.hubspot(
        "POST", "/crm/v4/associations/deals/contacts/batch/read", json={"inputs": [*inputs[:1], {"id": "1"}]}
    )
    assert (missing.status_code, missing.json()["numErrors"], len(missing.json()["results"])) == (207, 1, 1)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({"filterGroups": by("email", "CONTAINS_TOKEN", "x")}, "operator"),
        ({"filterGroups": by("createdate", "GTE", "x")}, "not a valid number or time"),
        ({"sorts": ["createdate", "email"]}, "Only one sort"),
    ],
    ids=["operator", "time", "sorts"],
)
def test_what_cannot_be_searched_is_refused(sandbox: Client, question: dict[str, Any], told: str) -> None:
    answer = sandbox.search("contacts", **question)
    assert answer.status_code == 400
    assert told in answer.json()["message"]


def test_a_wrong_token_and_an_unknown_path_are_refused(sandbox: Client) -> None:
    answer = requests.post(sandbox.url("/hubspot/crm/v3/objects/contacts/search"), json={})
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert sandbox.hubspot("GET", "/crm/v3/objects/unicorns").status_code == 404


def test_records_are_read_by_id_alone_and_in_batches(sandbox: Client) -> None:
    first, second = sandbox.search("contacts", limit=2, properties=["email"]).json()["results"]
    assert sandbox.hubspot("GET", f"/crm/v3/objects/contacts/{first['id']}?properties=email").json() == first
    sent = {"properties": ["email"], "inputs": [{"id": first["id"]}, {"id": second["id"]}]}
    both = sandbox.hubspot("POST", "/crm/v3/objects/contacts/batch/read", json=sent)
    assert (both.status_code, both.json()["results"]) == (200, [first, second])
    sent["inputs"] = [{"id": first["id"]}, {"id": "1"}]
    one = sandbox.hubspot("POST", "/crm/v3/objects/contacts/batch/read", json=sent)
    assert (one.status_code, one.json()["results"], one.json()["numErrors"]) == (207, [first], 1)
    assert one.json()["errors"][0]["context"] == {"ids": ["1"]}
    archived = sandbox.hubspot("GET", "/crm/v3/objects/contacts?archived=true&limit=1").json()["results"][0]
    sent["inputs"] = [{"id": archived["id"]}, {"id": first["id"]}]
    query = {"archived": "true"}
    found = sandbox.hubspot("POST", "/crm/v3/objects/contacts/batch/read", json=sent, params=query).json()
    assert [record["id"] for record in found["results"]] == [archived["id"]]
    assert sandbox.hubspot("GET", "/crm/v3/objects/contacts/1").status_code == 404
    many = {"inputs": [{"id": "1"}] * 101}
    assert sandbox.hubspot("POST", "/crm/v3/objects/contacts/batch/read", json=many).status_code == 400
