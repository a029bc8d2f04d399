"""Golden samples: events of Taskify as its released versions wrote them."""

import json
from dataclasses import dataclass
from difflib import get_close_matches

from taskify_testkit.facts import Json, broker, sample_files


@dataclass(frozen=True, slots=True)
class Sample:
    """`name` says what it is and of which version: `complete-1.0.0`, `minimal-…`, `unknown_fields-…`.

    `body` is the message's body as a consumer gets it, `event` the same, read.
    """

    type: str
    name: str
    body: bytes

    @property
    def event(self) -> Json:
        read: Json = json.loads(self.body)
        return read

    def __str__(self) -> str:
        return self.name


def taskify_samples(event_type: str) -> list[Sample]:
    """Give all samples of a type of event; a consumer has to take each. Needs no container.

    Every released version has added one that is complete, one that has the required fields only, and one with fields
    that nobody knows yet, if they differ from earlier ones.

    Raises:
        ValueError: Taskify has no event of this type.
    """
    known = broker().routing_keys
    if event_type not in known:
        close = get_close_matches(event_type, known, n=1)
        hint = f"; perhaps {close[0]!r}" if close else ""
        raise ValueError(f"Taskify has no event of type {event_type!r}{hint}. It has {', '.join(sorted(known))}")
    return [
        Sample(event_type, file.name.removesuffix(".json"), file.read_text().encode())
        for file in sample_files(event_type)
    ]
