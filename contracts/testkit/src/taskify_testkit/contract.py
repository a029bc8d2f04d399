"""Judge an event of another service before it is sent: its JSON Schema, and the rules that no schema can say."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from taskify_testkit.errors import InvalidEventError, SettingsError
from taskify_testkit.facts import Json, broker, schema

_SERVICE_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_EXTENSION_NAME = re.compile(r"[a-z0-9]+")
_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

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


class Contract:
    """What Taskify and one other service have agreed on; needs no container.

    Raises:
        SettingsError: no other service can have this name.
    """

    def __init__(self, service: str) -> None:
        if not _SERVICE_NAME.fullmatch(service):
            raise SettingsError(f"not a service's name: {service!r}; one is like 'billing', of a-z, 0-9 and -")
        if service in broker().taken_names:
            raise SettingsError(f"the name {service!r} is Taskify's own; another service has another name")
        self.service = service

    def assert_valid(self, event: Mapping[str, Any] | bytes | str) -> None:
        """Assert that Taskify takes the event and tells its recipients.

        `event` is the envelope as a mapping, or the message's body.

        Raises:
            InvalidEventError: names every place that is wrong.
        """
        __tracebackhide__ = True
        self._raise(self.problems(event), event)

    def assert_valid_envelope(self, event: Mapping[str, Any] | bytes | str) -> None:
        """Assert that an event of the service's own, which Taskify does not take, is a CloudEvent of this service.

        Raises:
            InvalidEventError: names every place that is wrong.
        """
        __tracebackhide__ = True
        envelope = {**schema(broker().request_type)}
        properties = dict(envelope["properties"])
        properties["type"], properties["data"] = {"type": "string", "minLength": 1, "maxLength": 255}, {}
        envelope["properties"] = properties
        try:
            read = _read(event)
        except ValueError as error:
            self._raise([Problem("body", str(error))], event)
            return
        self._raise([*_broken(envelope, read), *self._foreign_source(read)], event)

    def problems(self, event: Mapping[str, Any] | bytes | str) -> list[Problem]:
        """Give all that is wrong with an event that is to have people told; nothing if it is valid."""
        try:
            read = _read(event)
        except ValueError as error:
            return [Problem("body", str(error))]
        wrong_type = list(_wrong_type(read))
        if wrong_type:
            return [*wrong_type, *self._foreign_source(read)]
        described = schema(broker().request_type)
        return [*_broken(described, read), *_unknown_names(described, read), *self._foreign_source(read)]

    def _foreign_source(self, event: Json) -> Iterator[Problem]:
        source, own = event.get("source"), f"/{self.service}"
        if isinstance(source, str) and source != own and not source.startswith(f"{own}/"):
            yield Problem(
                "source", f"{source!r} does not belong to {self.service!r}: it is {own!r} or below it, like '{own}/…'"
            )

    def _raise(self, problems: list[Problem], event: Mapping[str, Any] | bytes | str) -> None:
        __tracebackhide__ = True
        if problems:
            lines = "".join(f"\n  {problem}" for problem in problems)
            raise InvalidEventError(f"Taskify would not take this event of {self.service}:{lines}\n{_shown(event)}")


def _read(event: Mapping[str, Any] | bytes | str) -> Json:
    """Read a body; what is given as a mapping goes through JSON too, so that it is judged as it would arrive."""
    try:
        read = json.loads(event if isinstance(event, bytes | str) else json.dumps(dict(event)))
    except (TypeError, ValueError) as error:
        raise ValueError(f"no JSON: {error}") from error
    if not isinstance(read, dict):
        raise ValueError(f"a JSON object is needed, this is {type(read).__name__}")  # noqa: TRY004 (of the value read)
    return read


def _wrong_type(event: Json) -> Iterator[Problem]:
    wanted, given = broker().request_type, event.get("type")
    if given == wanted or not isinstance(given, str):
        return
    if given in broker().routing_keys:
        yield Problem("type", f"only Taskify itself sends {given!r}; a service sends {wanted!r}")
    else:
        yield Problem("type", f"Taskify does not know {given!r}; it takes {wanted!r}")


def _broken(described: Json, event: Json) -> Iterator[Problem]:
    validator = Draft202012Validator(described, format_checker=_formats)
    for error in sorted(validator.iter_errors(event), key=lambda found: [str(part) for part in found.absolute_path]):
        yield from _told(error)


def _told(error: ValidationError) -> Iterator[Problem]:
    where = _path(error)
    match error.validator:
        case "required":
            # One error comes for each name that is missing: it is the first word of its text.
            named = error.message.split("'")[1]
            yield Problem(f"{where}.{named}" if where else named, "is missing")
        case "not":
            yield Problem(where, f"{error.instance!r} is one of Taskify's own; take a word of your own")
        case "anyOf":
            rules = [rule for rule in error.context or () if rule.validator != "type"]
            yield from _told(rules[0]) if rules else [Problem(where, error.message)]
        case "format":
            yield Problem(where, f"{error.instance!r} is not a {error.validator_value}")
        case _:
            yield Problem(where or "body", error.message)


def _path(error: ValidationError) -> str:
    text = ""
    for part in error.absolute_path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _unknown_names(described: Json, event: Json) -> Iterator[Problem]:
    """Taskify ignores what it does not know; who sends it has most likely misspelt something."""
    for name in event:
        if name not in described["properties"] and not _EXTENSION_NAME.fullmatch(name):
            yield Problem(name, "an attribute of CloudEvents has small letters and digits only")
    data = event.get("data")
    if isinstance(data, dict):
        known = described["$defs"][described["properties"]["data"]["$ref"].rpartition("/")[2]]["properties"]
        for name in data:
            if name not in known:
                close = get_close_matches(name, known, n=1)
                yield Problem(f"data.{name}", "is not known" + (f"; perhaps {close[0]!r}" if close else ""))


def _shown(event: Mapping[str, Any] | bytes | str) -> str:
    try:
        return json.dumps(_read(event), indent=2, ensure_ascii=False)
    except ValueError:
        return repr(event)
