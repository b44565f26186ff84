"""The only package that knows of all the others: Dagster definitions, the command line, publishing and processes."""
