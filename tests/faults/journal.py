"""What was asked of the product, and what it answered: all that the judge believes."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Write:
    """One request that changes something. Without an answer, or with one of 500 and above, nobody knows if it did."""

    who: str
    what: str
    task: str = ""
    value: str = ""
    version: int = 0
    assignee: str = ""
    sent: float = field(default_factory=time.time)
    answered: float = 0.0
    status: int | None = None
    answer: Json | None = None

    @property
    def acknowledged(self) -> bool:
        return self.status is not None and self.status < 300

    @property
    def unknown(self) -> bool:
        return self.status is None or self.status >= 500


@dataclass(frozen=True)
class Poison:
    """A message that nobody can handle, sent until the broker had confirmed it."""

    id: str


@dataclass(frozen=True)
class Request:
    """Another service asked for people to be told something, until the broker had confirmed it."""

    id: str
    recipients: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class ClockOff:
    """The clock of a process of some kind was off from one moment to another, by the clock that was right."""

    kind: str
    began: float
    ended: float


@dataclass(frozen=True)
class Trouble:
    """Something was broken, and the recovery from it seen; both by the time of day."""

    began: float
    ended: float


@dataclass
class Journal:
    writes: list[Write] = field(default_factory=list)
    poison: list[Poison] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    excused: set[int] = field(default_factory=set)
    """Answers that what is broken just now accounts for."""

    clocks_off: list[ClockOff] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """What no fault excuses, such as an answer that nobody should get."""

    def note(self, write: Write) -> Write:
        self.writes.append(write)
        return write

    def settled(self, write: Write, status: int | None, answer: Json | None) -> None:
        write.answered, write.status, write.answer = time.time(), status, answer
        self.statuses["no answer" if status is None else str(status)] += 1
