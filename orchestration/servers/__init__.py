"""The processes of a home: the sandbox, Superset and Dagster, on loopback."""
