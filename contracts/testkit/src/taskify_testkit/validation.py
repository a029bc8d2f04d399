"""What a JSON Schema says is wrong with an event, in words of its writer and of a bounded length."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, cast
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from taskify_testkit.facts import Json

SHOWN_CHARACTERS = 4_000
"""How much of an event a failure shows."""

_QUOTED_CHARACTERS = 100

_EXTENSION_NAME = re.compile(r"[a-z0-9]+")
_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_EXPECTED = {
    "time": "a time with its zone, like '2030-01-01T12:00:00Z'",
    "sequence": "a number of 20 digits, as text",
    "data.kind": "a kind: 1 to 50 of a-z, 0-9 and _, the first of a-z, like 'invoice_overdue'",
    "data.link": "a link: 'https://…', or a path of Taskify's page, which begins with one '/'; without spaces",
    "data.actor": "a person, like {'id': '…', 'name': 'Ann'}, or null",
}
"""What is expected at a place whose rule nobody should have to read."""

_LENGTHS = {
    "minLength": ("characters", "at least"),
    "maxLength": ("characters", "at most"),
    "minItems": ("items", "at least"),
    "maxItems": ("items", "at most"),
}
_TYPES = {"string": "text", "array": "a list", "object": "an object", "integer": "a whole number"}

_MISSPELT = 0.85
"""How near a name has to be to one of the envelope's; `sequencetype`, an extension, is not near enough."""

_formats = FormatChecker(formats=())


@_formats.checks("uuid", raises=ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or (bool(_CANONICAL_UUID.fullmatch(value)) and bool(UUID(value)))


@_formats.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or ("T" in value and datetime.fromisoformat(value).tzinfo is not None)


@dataclass(frozen=True, slots=True)
class Problem:
    """`where` is a path into the event, like `data.recipients[0]`."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def read_event(event: Mapping[str, Any] | bytes | str) -> Json:
    """Read a body; what is given as a mapping goes through JSON too, so that it is judged as it would arrive.

    Raises:
        ValueError: it is no object of JSON.
    """
    try:
        read = json.loads(event if isinstance(event, bytes | str) else json.dumps(dict(event), default=_not_json))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from error
    if not isinstance(read, dict):
        raise ValueError(f"a JSON object is needed, this is {type(read).__name__}")  # noqa: TRY004 (of the value read)
    return read


def _not_json(value: object) -> str:
    raise TypeError(f"{quoted(value)} is a {type(value).__name__}; write it as text, a UUID by `str`")


def quoted(value: object) -> str:
    """Give a value as Python writes it, or its beginning."""
    text = repr(value)
    return text if len(text) <= _QUOTED_CHARACTERS else f"{text[:_QUOTED_CHARACTERS]}… ({len(text)} characters)"


def shown(event: Mapping[str, Any] | bytes | str) -> str:
    """Give an event to look at, or its beginning."""
    try:
        text = json.dumps(read_event(event), indent=2, ensure_ascii=False)
    except ValueError:
        text = repr(event)
    # Half of a surrogate pair cannot be printed.
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}\n… ({len(text)} characters)"


def broken(described: Json, event: Json) -> Iterator[Problem]:
    """Give what the schema says is wrong, in the order of the places."""
    validator = Draft202012Validator(described, format_checker=_formats)
    for error in sorted(validator.iter_errors(event), key=lambda found: [str(part) for part in found.absolute_path]):
        yield from _told(error)


def _told(error: ValidationError) -> Iterator[Problem]:
    where, rule, given = _path(error), str(error.validator), cast("Any", error.instance)
    if rule == "required":
        # One error comes for each name that is missing: it is the first word of its text.
        named = error.message.split("'")[1]
        yield Problem(f"{where}.{named}" if where else named, "is missing")
    elif rule == "not":
        yield Problem(where, f"{quoted(given)} is one of Taskify's own; take a word of your own")
    elif rule in _LENGTHS:
        unit, bound = _LENGTHS[rule]
        yield Problem(where, f"has {len(given)} {unit}; {bound} {error.validator_value}")
    elif rule == "anyOf" and (inner := [each for each in error.context or () if each.validator != "type"]):
        yield from _told(inner[0])
    elif where in _EXPECTED:
        yield Problem(where, f"{quoted(given)} is not {_EXPECTED[where]}")
    elif rule == "anyOf":
        yield from _told((error.context or [error])[0])
    elif rule == "format":
        yield Problem(where, f"{quoted(given)} is not a {error.validator_value}")
    elif rule == "type":
        wanted = str(error.validator_value)
        yield Problem(where or "body", f"{quoted(given)} is not {_TYPES.get(wanted, wanted)}")
    elif rule == "const":
        yield Problem(where, f"{error.validator_value!r} was expected, this is {quoted(given)}")
    else:
        yield Problem(where or "body", f"{quoted(given)} breaks the rule {rule} {quoted(error.validator_value)}")


def _path(error: ValidationError) -> str:
    text = ""
    for part in error.absolute_path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def misspelt_attributes(described: Json, event: Json) -> Iterator[Problem]:
    """Give the names beside `data` that are none of CloudEvents, or were most likely meant to be another."""
    absent = [name for name in described["properties"] if name not in event]
    for name in event:
        if name in described["properties"]:
            continue
        if not _EXTENSION_NAME.fullmatch(name):
            yield Problem(quoted(name)[1:-1], "an attribute of CloudEvents has small letters and digits only")
        elif close := get_close_matches(name, absent, n=1, cutoff=_MISSPELT):
            yield Problem(name, f"is not known; perhaps {close[0]!r}")


def misspelt_data(described: Json, event: Json) -> Iterator[Problem]:
    """Give the names in `data` that Taskify does not know, and would ignore."""
    data = event.get("data")
    if isinstance(data, dict):
        known = described["$defs"][described["properties"]["data"]["$ref"].rpartition("/")[2]]["properties"]
        for name in data:
            if name not in known:
                close = get_close_matches(name, known, n=1)
                hint = f"; perhaps {close[0]!r}" if close else ""
                yield Problem(f"data.{quoted(name)[1:-1]}", f"is not known{hint}")


def unstorable_text(event: Json) -> Iterator[Problem]:
    """Give the places of text that JSON can write and no database of Taskify takes."""
    left: list[tuple[str, object]] = [("", event)]
    while left:
        where, value = left.pop()
        if isinstance(value, dict):
            left += reversed([(f"{where}.{name}" if where else name, each) for name, each in value.items()])
        elif isinstance(value, list):
            left += reversed([(f"{where}[{number}]", each) for number, each in enumerate(value)])
        elif isinstance(value, str):
            wrong = next((each for each in value if each == "\0" or "\ud800" <= each <= "\udfff"), None)
            if wrong is not None:
                what = "which no database takes" if wrong == "\0" else "half of a surrogate pair, which is no text"
                yield Problem(where, f"holds U+{ord(wrong):04X}, {what}")
