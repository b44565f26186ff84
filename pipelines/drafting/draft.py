"""A `drop.yml` as text: the entities of each file, with the reason for each guess beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from pipelines.drafting import orders as splitting
from pipelines.drafting.content import Times, are_currencies
from pipelines.drafting.guess import Brand, Entity, Facts, Guessed, candidates, facts_of
from pipelines.drafting.names import TELLING, plain, worth
from pipelines.drafting.tables import Look
from pipelines.errors import shown
from pipelines.sources.file_drop.mapping import Mapped
from pipelines.sources.file_drop.settings import targets
from pipelines.sql import quoted

_COMMERCE, _SOCIAL = ("orders", "order_lines"), ("posts", "post_readings")


@dataclass(frozen=True, slots=True)
class Drafted:
    """A drafted mapping."""

    text: str
    entities: dict[str, tuple[str, ...]]
    """File to the entities that were found in it."""


@dataclass(frozen=True, slots=True)
class _File:
    """Files of equal columns, and what was guessed of them."""

    looks: Sequence[Look]
    entities: Sequence[Entity]
    facts: Sequence[Facts]

    @property
    def used(self) -> set[str]:
        """Columns of the file that a mapping names."""
        return {n for e in self.entities for guessed in e.columns.values() for n in guessed.mapped.names}


def draft(looks: Sequence[Look], brand: Brand, drop: str) -> Drafted:
    """The mapping of a drop's files; a file of which nothing is recognised stands in it as comments."""
    alike: dict[tuple[object, ...], list[Look]] = {}
    for look in looks:
        alike.setdefault((look.format, look.delimiter, look.encoding, look.names, look.path.suffix), []).append(look)
    files = [_file(group, brand, drop) for group in alike.values()]
    text = "\n".join([*_head(files, brand), *(line for file in files for line in _entry(file))]) + "\n"
    found = {look.path.name: tuple(e.entity for e in file.entities) for file in files for look in file.looks}
    return Drafted(text, found)


def _file(looks: Sequence[Look], brand: Brand, drop: str) -> _File:
    facts = facts_of(looks[0], brand.month_first)
    found = candidates(looks[0], facts, drop)
    splitting.as_shopify(facts, found)
    return _File(looks, list(_chosen(looks[0], found)), facts)


def _chosen(look: Look, found: dict[str, Entity]) -> Iterator[Entity]:
    """The likeliest entity, and those that come with it."""
    best = max(found.values(), key=lambda entity: entity.score, default=None)
    if best is None:
        return
    if best.entity in _SOCIAL:
        yield from (found[name] for name in _SOCIAL if name in found)
    elif best.entity in _COMMERCE:
        yield from _sales(look, found)
    else:
        yield best


def _sales(look: Look, found: dict[str, Entity]) -> Iterator[Entity]:
    lines = found.get("order_lines")
    orders = splitting.split(look, found["orders"], lines) if "orders" in found else None
    for entity in filter(None, (orders, lines)):
        currency = entity.column_of("currency")
        if currency and not entity.where and splitting.has_blank(look, currency):
            del entity.columns["currency"]
            entity.notes.append("currency is not in every record: that of the drop counts")
        yield entity
    yield from _by_the_way(look, found, "customers", "customer_id", ("email", "phone", "handle"))
    if lines:
        yield from _by_the_way(look, found, "products", "product_id", ("product_title",))


def _by_the_way(look: Look, found: dict[str, Entity], name: str, key: str, telling: Sequence[str]) -> Iterator[Entity]:
    """Customers or products that a file of orders has, too, where each has one value of everything."""
    entity = found.get(name)
    if entity is None or not any(column in entity.columns for column in telling):
        return
    if worth(name)[key].get(plain(entity.column_of(key) or "")) != TELLING:
        return
    for column in ("created_at", "acquisition_channel", "country_code"):
        entity.columns.pop(column, None)
    columns = [str(guessed.mapped.column) for guessed in entity.columns.values() if guessed.mapped.column]
    id_column = str(entity.column_of(key))
    if splitting.is_one_each(look, id_column, columns):
        entity.distinct, entity.where = True, f"{quoted(id_column)} is not null"
        entity.notes.append(f"each {name.rstrip('s')} counts once")
        yield entity


def _scalar(text: str) -> str:
    """A YAML scalar in double quotes, on one line."""
    return str(yaml.dump(text, default_style='"', allow_unicode=True, width=1_000_000)).strip()


def _head(files: Sequence[_File], brand: Brand) -> Iterator[str]:
    yield "# Written by `voxhouse drop` from the files themselves: each guess says why. Correct it, then look with"
    yield "# `voxhouse drop check`. pipelines/sources/file_drop/README.md describes everything that may stand here."
    yield f"brand: {brand.brand_id}"
    times = list(_dated(files))
    local = [name for name, time in times if not time.has_offset]
    why = f"of times without an offset ({shown(', '.join(local))})" if local else "not needed: all times have an offset"
    yield f"timezone: {brand.timezone}  # the brand's; {why}"
    if days := [name for name, time in times if time.days_only]:
        yield f"# Days only, taken as their midnight there: {shown(', '.join(days))}"
    currency = _currency(files)
    why = "what most records say; where none is mapped" if currency else "the brand's; no file says another"
    yield f"currency: {currency or brand.currency}  # {why}"
    taken = [(name, time) for name, time in times if time.formats]
    if taken:
        formats = dict.fromkeys(form for _, time in taken for form in time.formats)
        yield f"date_formats: [{', '.join(map(_scalar, formats))}]  # of {shown(', '.join(name for name, _ in taken))}"
    if unsure := [name for name, time in taken if time.is_ambiguous]:
        yield f"# Day or month first? No value of {shown(', '.join(unsure))} tells: CHECK the formats."
    yield "files:" if any(file.entities for file in files) else "files: []  # no entity was recognised: see below"


def _dated(files: Sequence[_File]) -> Iterator[tuple[str, Times]]:
    """Columns that are mapped to times."""
    for file in files:
        mapped = {
            guessed.mapped.column
            for e in file.entities
            for name, guessed in e.columns.items()
            if targets(e.entity)[name]["data_type"] in ("timestamp", "date")
        }
        for fact in file.facts:
            if fact.column.name in mapped and fact.times:
                yield fact.column.name, fact.times


def _currency(files: Sequence[_File]) -> str | None:
    """What most records of the columns of currencies say."""
    names = worth("orders")["currency"]
    columns = [fact.filled for file in files for fact in file.facts if fact.name in names]
    values = Counter(value for filled in columns if are_currencies(filled) for value in filled)
    return values.most_common(1)[0][0] if values else None


def _entry(file: _File) -> Iterator[str]:
    names = ", ".join(shown(look.path.name) for look in file.looks)
    if not file.entities:
        yield f"  # {names}: no entity was recognised. pipelines/sources/file_drop/templates/ has a mapping of each."
        yield from _unmapped(file)
        return
    for look in file.looks:
        yield f"  - match: {_scalar(_pattern(look.path.name))}"
        if look.format == "csv" and look.delimiter != ",":
            yield f"    delimiter: {_scalar(look.delimiter)}  # what parts the names in the first line"
        if look.encoding != "utf-8":
            yield f"    encoding: {look.encoding}"
        yield from (f"    # {shown(note, 300)}" for note in look.notes)
        yield "    entities:"
        for entity in file.entities:
            yield from _entity(entity)
    yield from _unmapped(file)


def _pattern(name: str) -> str:
    return re.sub(r"([\[*?])", r"[\1]", name)


def _entity(entity: Entity) -> Iterator[str]:
    yield f"      - entity: {entity.entity}"
    yield from (f"        # {shown(note, 200)}" for note in entity.notes)
    if entity.distinct:
        yield "        distinct: true"
    if entity.where:
        yield f"        where: {_scalar(entity.where)}"
    yield "        columns:"
    for name, guessed in entity.columns.items():
        yield f"          {name}: {_value(guessed)}  # {guessed.why}"


def _value(guessed: Guessed) -> str:
    mapped: Mapped = guessed.mapped
    if mapped.column is not None:
        return _scalar(mapped.column)
    kind = "constant" if mapped.constant is not None else "expression"
    return f"{{{kind}: {_scalar(mapped.constant or mapped.expression or '')}}}"


def _unmapped(file: _File) -> Iterator[str]:
    left = [fact for fact in file.facts if fact.column.name not in file.used]
    if left:
        yield "    # Columns that nothing is made of, and that are not read:"
    for fact in left:
        yield f"    #   {shown(fact.column.name)}{_why_not(fact)}"


def _why_not(fact: Facts) -> str:
    if not fact.filled:
        return ": empty"
    if fact.person:
        return f": looks like {fact.person}s of persons; of customers only, beside another column as customer_id"
    return ""
