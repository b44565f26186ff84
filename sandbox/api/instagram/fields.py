"""The `fields` parameter of the Graph API: nested fields with modifiers, as in `media.limit(5){id,caption}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_DEEPEST = 20


class FieldsError(ValueError):
    """The parameter cannot be read; the text says what was unexpected."""


@dataclass(frozen=True, slots=True)
class Field:
    """One requested field with its modifiers and its own fields."""

    name: str
    modifiers: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Field, ...] = ()


def parse_fields(text: str) -> tuple[Field, ...]:
    """The fields of a parameter; raises FieldsError."""
    reader = _Reader(text)
    fields = tuple(reader.fields())
    if reader.position != len(text):
        raise FieldsError(f"Syntax error at position {reader.position} of the field list")
    return fields


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.depth = 0

    def fields(self) -> Iterator[Field]:
        while True:
            yield self._field()
            if self._peek() != ",":
                return
            self.position += 1

    def _field(self) -> Field:
        name = self._word()
        modifiers: dict[str, str] = {}
        while self._peek() == ".":
            self.position += 1
            key = self._word()
            modifiers[key] = self._argument()
        children: tuple[Field, ...] = ()
        if self._peek() == "{":
            self.position += 1
            self.depth += 1
            if self.depth > _DEEPEST:
                raise FieldsError("Syntax error: the field list is nested too deep")
            children = tuple(self.fields())
            self._expect("}")
            self.depth -= 1
        return Field(name, modifiers, children)

    def _word(self) -> str:
        self._peek()
        start = self.position
        while self.position < len(self.text) and (
            self.text[self.position].isalnum() or self.text[self.position] == "_"
        ):
            self.position += 1
        if start == self.position:
            raise FieldsError(f"Syntax error: expected a field name at position {start}")
        return self.text[start : self.position]

    def _argument(self) -> str:
        self._expect("(")
        end = self.text.find(")", self.position)
        if end < 0:
            raise FieldsError('Syntax error "Expected end of string instead of "("."')
        argument = self.text[self.position : end]
        self.position = end + 1
        return argument

    def _expect(self, character: str) -> None:
        if self._peek() != character:
            raise FieldsError(f"Syntax error: expected {character} at position {self.position}")
        self.position += 1

    def _peek(self) -> str:
        while self.position < len(self.text) and self.text[self.position].isspace():
            self.position += 1
        return self.text[self.position] if self.position < len(self.text) else ""
