"""Writes the documentation that is made from the declared tables."""

from pipelines.sources.file_drop.documentation import write

write()
