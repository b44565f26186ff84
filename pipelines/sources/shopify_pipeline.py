"""Loads a Shopify shop into DuckDB; its address and credentials are in .dlt/config.toml and .dlt/secrets.toml."""

import dlt
from shopify import shopify

if __name__ == "__main__":
    pipeline = dlt.pipeline("shopify", destination="duckdb", dataset_name="shopify_data")
    print(pipeline.run(shopify()))
