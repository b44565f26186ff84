"""What Dagster shows and when it runs, one concept a module. Importing them opens no file of a home."""
