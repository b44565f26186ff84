"""One folder per kind of source: its tables, and how its records are read."""
