"""Loads an Instagram account into DuckDB."""

import dlt
from instagram import instagram

if __name__ == "__main__":
    pipeline = dlt.pipeline("instagram", destination="duckdb", dataset_name="instagram_data")
    print(pipeline.run(instagram()))
