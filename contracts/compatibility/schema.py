"""Two versions of a JSON Schema (2020-12): what of the change breaks those on the other side.

Only what pydantic writes is judged; a difference in any other keyword is told as one that cannot be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Any

Schema = dict[str, Any]

OPEN_LISTS = frozenset({"ProblemType"})
"""Enumerations, by their title, that may grow: whoever reads one has a way with values that it does not know."""

_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EXACT = ("pattern", "format", "uniqueItems")
_WORDS = {"$schema", "$defs", "$id", "title", "description", "examples", "example", "deprecated", "discriminator"}
_JUDGED = {
    *_LOWER_BOUNDS,
    *_UPPER_BOUNDS,
    *_EXACT,
    *("$ref", "allOf", "anyOf", "oneOf", "type", "enum", "const", "default", "items", "properties", "required"),
    "additionalProperties",
}


class Direction(StrEnum):
    SENT = "sent"
    """We write it: it may become narrower, never wider."""
    TAKEN = "taken"
    """We read it: it may become wider, never narrower."""


@dataclass(frozen=True)
class Side:
    """A schema in the document that its references point into."""

    document: Schema
    schema: Schema

    def at(self, schema: Any) -> "Side":  # noqa: ANN401 (a schema may also be true or false)
        return Side(self.document, schema if isinstance(schema, dict) else {"not": {}} if schema is False else {})

    def resolved(self) -> "Side":
        """Follow references, and lay a single `allOf` under what stands beside it."""
        schema = self.schema
        while "$ref" in schema or len(schema.get("allOf", ())) == 1:
            beside = {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
            inner = self._target(schema["$ref"]) if "$ref" in schema else schema["allOf"][0]
            schema = {**inner, **beside}
        return Side(self.document, schema)

    def alternatives(self) -> list["Side"]:
        """Give the alternatives that a value may satisfy one of; itself if there are no others."""
        side = self.resolved()
        inner = side.schema.get("anyOf") or side.schema.get("oneOf")
        if inner is None:
            return [side]
        return [each for alternative in inner for each in side.at(alternative).alternatives()]

    def _target(self, reference: str) -> Schema:
        target: Any = self.document
        for name in reference.removeprefix("#/").split("/"):
            target = target[name.replace("~1", "/").replace("~0", "~")]
        return dict(target)


def breaks(old: Side, new: Side, direction: Direction, where: str = "", *, open_union: bool = False) -> Iterator[str]:
    """Tell each break, with its place; `open_union` lets more alternatives be sent, as with frames."""
    old_by_kind, new_by_kind = _by_kind(old), _by_kind(new)
    single = sum(map(len, old_by_kind.values())) == sum(map(len, new_by_kind.values())) == 1
    if single:
        yield from _breaks_of_one(old.alternatives()[0], new.alternatives()[0], direction, where)
        return
    for kind in sorted(old_by_kind.keys() | new_by_kind.keys()):
        for before, after in zip_longest(old_by_kind.get(kind, []), new_by_kind.get(kind, [])):
            if before is None:
                if direction is Direction.SENT and not open_union:
                    yield f"{where or 'it'} may now also be {kind}"
            elif after is None:
                if direction is Direction.TAKEN or open_union:
                    yield f"{where or 'it'} may no longer be {kind}"
            else:
                place = f"{where}[{kind}]" if open_union else where
                yield from _breaks_of_one(before, after, direction, place)


def _by_kind(side: Side) -> dict[str, list[Side]]:
    found: dict[str, list[Side]] = {}
    for alternative in side.alternatives():
        schema = alternative.schema
        name = schema.get("properties", {}).get("type", {}).get("const")
        kind = str(name or schema.get("type") or type(schema.get("const")).__name__)
        found.setdefault(kind, []).append(alternative)
    return found


def _breaks_of_one(old: Side, new: Side, direction: Direction, where: str) -> Iterator[str]:
    before, after = old.schema, new.schema
    place = where or "it"
    yield from (f"{place} {told}" for told in _values(before, after, direction))
    yield from (f"{place} {told}" for told in _limits(before, after, direction))
    for keyword in sorted((before.keys() | after.keys()) - _JUDGED - _WORDS):
        if before.get(keyword) != after.get(keyword):
            yield f"{place} differs in {keyword}, which cannot be judged"
    if "items" in before or "items" in after:
        inner = old.at(before.get("items", {})), new.at(after.get("items", {}))
        yield from breaks(*inner, direction, f"{where}[]")
    yield from _properties(old, new, direction, where)


def _values(before: Schema, after: Schema, direction: Direction) -> Iterator[str]:
    narrow, wide = (after, before) if direction is Direction.SENT else (before, after)
    if not _types(narrow) <= _types(wide):
        yield f"was {_spoken(before.get('type'))}, is {_spoken(after.get('type'))}"
    listed_before, listed_after = _listed(before), _listed(after)
    if after.get("title") in OPEN_LISTS and listed_before is not None and listed_after is not None:
        for value in sorted(listed_before - listed_after):
            yield f"may no longer be {value}"
        return
    allowed, known = _listed(narrow), _listed(wide)
    if known is not None and (allowed is None or not allowed <= known):
        values = "any value" if allowed is None else ", ".join(sorted(allowed - known))
        yield f"may now also be {values}" if direction is Direction.SENT else f"may no longer be {values}"
    if "default" in before and before["default"] != after.get("default", before["default"]):
        yield "means something else when it is left out"


def _limits(before: Schema, after: Schema, direction: Direction) -> Iterator[str]:
    narrow, wide = (after, before) if direction is Direction.SENT else (before, after)
    change = "wider" if direction is Direction.SENT else "narrower"
    for keyword in (*_LOWER_BOUNDS, *_UPPER_BOUNDS):
        if keyword not in wide:
            continue
        kept = keyword in narrow and (
            narrow[keyword] >= wide[keyword] if keyword in _LOWER_BOUNDS else narrow[keyword] <= wide[keyword]
        )
        if not kept:
            yield f"became {change}: {keyword} was {_spoken(before.get(keyword))}, is {_spoken(after.get(keyword))}"
    for keyword in _EXACT:
        if keyword in wide and wide[keyword] != narrow.get(keyword):
            yield f"became {change}: {keyword} was {_spoken(before.get(keyword))}, is {_spoken(after.get(keyword))}"


def _properties(old: Side, new: Side, direction: Direction, where: str) -> Iterator[str]:
    before, after = old.schema, new.schema
    had, has = before.get("properties", {}), after.get("properties", {})
    for name in had:
        place = f"{where}.{name}" if where else name
        if name not in has:
            yield f"{place} was removed"
        else:
            yield from breaks(old.at(had[name]), new.at(has[name]), direction, place)
    needed_before, needed_after = set(before.get("required", ())), set(after.get("required", ()))
    if direction is Direction.TAKEN:
        yield from (
            f"{where}.{name}".lstrip(".") + " is newly required" for name in sorted(needed_after - needed_before)
        )
    else:
        gone = needed_before - needed_after
        yield from (f"{where}.{name}".lstrip(".") + " is no longer always there" for name in sorted(gone & has.keys()))
    rest_before, rest_after = before.get("additionalProperties", True), after.get("additionalProperties", True)
    if rest_before is not False and rest_after is False and direction is Direction.TAKEN:
        yield f"{where or 'it'} takes no unknown fields any more"
    if isinstance(rest_before, dict) and rest_after is not False:
        yield from breaks(old.at(rest_before), new.at(rest_after), direction, f"{where}.*")


def _types(schema: Schema) -> set[str]:
    """Give the JSON types that a value may have; `integer` is a `number`."""
    every = {"null", "boolean", "object", "array", "number", "integer", "string"}
    said = schema.get("type")
    if said is None:
        listed = schema.get("enum", [schema["const"]] if "const" in schema else None)
        return {"string"} if listed and all(isinstance(value, str) for value in listed) else every
    types = {said} if isinstance(said, str) else set(said)
    return types | {"integer"} if "number" in types else types


def _listed(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {repr(schema["const"])}
    return {repr(value) for value in schema["enum"]} if "enum" in schema else None


def _spoken(value: object) -> str:
    return "not said" if value is None else str(value)
