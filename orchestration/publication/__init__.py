"""How a version is put in service, taken back and read. Nothing of Dagster's."""
