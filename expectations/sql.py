"""The few pieces of DuckDB SQL that the checks share."""


def quoted(name: str) -> str:
    """SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """SQL text."""
    return "'" + text.replace("'", "''") + "'"


def grouped(number: str) -> str:
    """SQL of the text of a whole number, with commas."""
    return f"format('{{:,}}', ({number})::bigint)"
