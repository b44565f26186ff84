"""Loads what the sources know into the landing zone; imports neither Dagster nor `expectations`."""
