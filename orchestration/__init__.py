"""The only package that knows of all the others; a room each for Dagster, the command line, publishing and servers."""
