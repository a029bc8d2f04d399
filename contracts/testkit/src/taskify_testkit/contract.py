"""Judge an event of another service before it is sent: its JSON Schema, and the rules that no schema can say."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from taskify_testkit.errors import InvalidEventError, SettingsError
from taskify_testkit.facts import MARKER_SENDER, Json, broker, schema
from taskify_testkit.validation import (
    Problem,
    broken,
    misspelt_attributes,
    misspelt_data,
    quoted,
    read_event,
    shown,
    unstorable_text,
)

PROBLEMS = 20
"""How many problems of an event a failure lists."""

_SERVICE_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


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
        if service == MARKER_SENDER:
            raise SettingsError(f"the name {service!r} is the test kit's own; another service has another name")
        self.service = service

    def assert_valid(self, event: Mapping[str, Any] | bytes | str) -> None:
        """Assert that Taskify takes the event and tells its recipients.

        `event` is the envelope as a mapping, or the message's body.

        Raises:
            InvalidEventError: names every place that is wrong.
        """
        __tracebackhide__ = True
        self._raise(f"Taskify would not take this event of {self.service}:", self.problems(event), event)

    def assert_valid_envelope(self, event: Mapping[str, Any] | bytes | str) -> None:
        """Assert that an event of the service's own, which Taskify does not take, is a CloudEvent of this service.

        Raises:
            InvalidEventError: names every place that is wrong.
        """
        __tracebackhide__ = True
        self._raise(f"this is no event of {self.service}'s own:", self._envelope_problems(event), event)

    def problems(self, event: Mapping[str, Any] | bytes | str) -> list[Problem]:
        """Give all that is wrong with an event that is to have people told; nothing if it is valid."""
        refused = self.refusals(event)
        try:
            read = read_event(event)
        except ValueError:
            return refused
        described = schema(broker().request_type)
        return [
            *refused,
            *misspelt_attributes(described, read),
            *misspelt_data(described, read),
            *unstorable_text(read),
        ]

    def refusals(self, event: Mapping[str, Any] | bytes | str) -> list[Problem]:
        """Give what Taskify refuses an event for; `problems` also has what it would ignore, or stumble over."""
        try:
            read = read_event(event)
        except ValueError as error:
            return [Problem("body", str(error))]
        wrong_type = list(_wrong_type(read))
        found = broken(schema(broker().request_type), read)
        others = [each for each in found if not (wrong_type and each.where == "type")]
        return [*wrong_type, *others, *self._foreign_source(read)]

    def _envelope_problems(self, event: Mapping[str, Any] | bytes | str) -> list[Problem]:
        described = {**schema(broker().request_type)}
        properties = dict(described["properties"])
        properties["type"], properties["data"] = {"type": "string", "minLength": 1, "maxLength": 255}, {}
        described["properties"] = properties
        try:
            read = read_event(event)
        except ValueError as error:
            return [Problem("body", str(error))]
        return [
            *_taskify_s_type(read),
            *broken(described, read),
            *self._foreign_source(read),
            *misspelt_attributes(described, read),
            *unstorable_text({name: value for name, value in read.items() if name != "data"}),
        ]

    def _foreign_source(self, event: Json) -> Iterator[Problem]:
        source, own = event.get("source"), f"/{self.service}"
        if isinstance(source, str) and source != own and not source.startswith(f"{own}/"):
            yield Problem(
                "source",
                f"{quoted(source)} does not belong to {self.service!r}: it is {own!r} or below it, like '{own}/…'",
            )

    def _raise(self, what: str, problems: Sequence[Problem], event: Mapping[str, Any] | bytes | str) -> None:
        __tracebackhide__ = True
        if problems:
            lines = "".join(f"\n  {line}" for line in listed(problems))
            raise InvalidEventError(f"{what}{lines}\n{shown(event)}")


def listed(problems: Sequence[Problem]) -> list[str]:
    """Give a line for each problem, up to a number of them."""
    more = len(problems) - PROBLEMS
    return [*map(str, problems[:PROBLEMS]), *([f"and {more} more"] if more > 0 else [])]


def _wrong_type(event: Json) -> Iterator[Problem]:
    wanted, given = broker().request_type, event.get("type")
    if given == wanted or not isinstance(given, str):
        return
    if given in broker().routing_keys:
        yield Problem("type", f"only Taskify itself sends {given!r}; a service sends {wanted!r}")
    else:
        yield Problem("type", f"Taskify does not know {quoted(given)}; it takes {wanted!r}")


def _taskify_s_type(event: Json) -> Iterator[Problem]:
    given = event.get("type")
    if given == broker().request_type:
        yield Problem("type", f"{given!r} is for Taskify: `assert_valid` judges all of it")
    elif given in broker().routing_keys:
        yield Problem("type", f"only Taskify itself sends {given!r}")
