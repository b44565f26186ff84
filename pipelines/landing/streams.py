"""What a load read, table by table."""

from __future__ import annotations

from pipelines.landing import columns as rules
from pipelines.sources import hints

STREAMS: rules.Columns = {
    "source_instance": rules.SYSTEM_COLUMNS["source_instance"],
    "table_name": hints.text("Table, read to its end.", required=True),
    "records_read": hints.whole("Records that the source gave.", required=True),
    "records_landed": hints.whole("Records that landed.", required=True),
    "records_quarantined": hints.whole("Records in quarantine.", required=True),
    "records_known": hints.whole("Records that said nothing new.", required=True),
    "_observed_at": rules.SYSTEM_COLUMNS["_observed_at"],
}
"""A row for each table that the source declares, also those that gave nothing."""
