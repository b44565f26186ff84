"""Great Expectations' suites at the edges of the stages: a new load, the intermediate layer, the marts.

What one row can show is the pipelines' row rules; keys and arithmetic are dbt's tests; what only the whole shows is
checked here. Importing this package loads no library: `expectations.validation` loads it when a check runs.
"""

from expectations.interface import MART_TABLES, STAGING_TABLES, CheckResult, RawLoad, ValidationReport

__all__ = ["MART_TABLES", "STAGING_TABLES", "CheckResult", "RawLoad", "ValidationReport"]
