"""Loads a HubSpot account into DuckDB; run again, it goes on from there."""

import dlt
from hubspot import hubspot

if __name__ == "__main__":
    pipeline = dlt.pipeline("hubspot", destination="duckdb", dataset_name="hubspot_data")
    print(pipeline.run(hubspot()))
