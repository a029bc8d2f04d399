"""When something truly happened, also where the clock of whoever wrote it down was off.

Ids are of version 7 (RFC 9562): the time at which they were made is in them. A clock that is off in a run is the one
that the product asks, and not the one of which ids are made.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from tests.faults.journal import ClockOff, Json, Trouble

SETTLES_SECONDS = 60.0
"""After so long an event is applied, unless something is broken for long; a longer recovery is a failure of its own."""

_LONG_SECONDS = 20.0
_MARGIN_SECONDS = 60.0
_MILLISECONDS = 80


def made_at(made: Json) -> float:
    """Give the time in the id of an event, a row or a member, in seconds of Unix time."""
    return (UUID(made["id"]).int >> _MILLISECONDS) / 1000


def settled_by(at: float, troubles: Iterable[Trouble]) -> float:
    """Say when an event of this moment is applied at the latest. Where nobody could work for long, it takes longer."""
    latest = at + SETTLES_SECONDS
    for trouble in sorted(troubles, key=lambda each: each.began):
        if trouble.ended - trouble.began > _LONG_SECONDS and trouble.ended > at and trouble.began < latest:
            latest += trouble.ended - max(trouble.began, at)
    return latest


@dataclass(frozen=True)
class Doubt:
    """The times near which a clock was off, so that what depends on the time of day may be so or otherwise."""

    steps: tuple[ClockOff, ...] = ()

    @classmethod
    def of(cls, steps: Iterable[ClockOff], *kinds: str) -> "Doubt":
        return cls(tuple(step for step in steps if step.kind in kinds))

    def covers(self, at: float) -> bool:
        return any(step.began - _MARGIN_SECONDS < at < step.ended + _MARGIN_SECONDS for step in self.steps)
