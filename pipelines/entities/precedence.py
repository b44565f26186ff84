"""What every entity says beside its own columns: whence a record is, and which of two records comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlt.common.schema.typing import TColumnSchema, TTableSchema

from pipelines.entities import hints

OF_SOURCE: Mapping[str, TColumnSchema] = {
    "brand_id": hints.text("Brand of the source.", required=True),
    "source_instance": hints.text("Configured source that delivered the record.", required=True),
    "source_rank": hints.whole(
        "Place of the source where two know the same: 1 the network or shop itself, 2 a delivery.", required=True
    ),
}
SCOPE: Mapping[str, TColumnSchema] = {
    "id_scope": hints.text(
        "Where the ids are unique: '' on the whole network, else the server of a federated one.", required=True
    ),
}
OF_VERSION: Mapping[str, TColumnSchema] = {
    "is_attribute_current_fallback": hints.flag(
        "True when the run's day knew no version of the record, so that a later one stands for it.", required=True
    ),
    "_observed_at": hints.moment("When the version was read, business clock.", required=True),
    "_dlt_load_id": hints.text("Load that brought it.", required=True),
}


SOURCE_KIND: Mapping[str, TColumnSchema] = {"source_kind": hints.text("Kind of the source.", required=True)}


def entity(description: str, key: Sequence[str], columns: Mapping[str, TColumnSchema]) -> TTableSchema:
    """An entity of a shop or CRM: ids are unique in their source instance."""
    declared = {**OF_SOURCE, **SOURCE_KIND, **columns, **OF_VERSION}
    return hints.table(description, ("source_instance", *key), declared, "merge")


def network_entity(description: str, key: Sequence[str], columns: Mapping[str, TColumnSchema]) -> TTableSchema:
    """An entity of a network: ids are unique in their scope on it, and several sources may know the same."""
    network = {"network": hints.text("Network.", required=True), **SCOPE}
    named = ("source_instance", "network", "id_scope", *key)
    return hints.table(description, named, {**OF_SOURCE, **network, **columns, **OF_VERSION}, "merge")
