"""Who watches a task, kept from the task's events."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from contracts.events import AnyEvent
from contracts.events.task import TaskUnwatched
from contracts.notification_types import Reason

_STRENGTHS: dict[str, int] = {reason: strength for strength, reason in enumerate(Reason)}
_UNKNOWN = len(_STRENGTHS)

AnyReason = TypeVar("AnyReason", bound=str)
"""A `Reason`, or the text of one, which a newer release may have written: then it need not be a `Reason`."""

NEVER = -1
"""The sequence of what has not happened."""


@dataclass(frozen=True, slots=True)
class Watching:
    """One person and one task; the sequences are those of the latest events that began and ended the watching."""

    reasons: frozenset[Reason] = frozenset()
    watched_sequence: int = NEVER
    stopped_sequence: int = NEVER

    @property
    def now(self) -> bool:
        """Whether the person watches the task."""
        return self.watched_sequence > self.stopped_sequence

    def watched(self, reason: Reason, sequence: int) -> "Watching":
        """Apply that the person watches from the event with this sequence on; older than the last stop, it is void."""
        if sequence <= self.stopped_sequence:
            return self
        return Watching(self.reasons | {reason}, max(sequence, self.watched_sequence), self.stopped_sequence)

    def stopped(self, sequence: int) -> "Watching":
        """Apply that the person stopped with this event; reasons that came after it stay."""
        if sequence <= self.stopped_sequence:
            return self
        kept = self.reasons if self.watched_sequence > sequence else frozenset[Reason]()
        return Watching(kept, self.watched_sequence, sequence)


TaskWatchers = dict[UUID, Watching]
"""The people of one task by their id."""


def in_order(reasons: Iterable[AnyReason]) -> tuple[AnyReason, ...]:
    """Give reasons without repetition, the strongest first, and last, by their text, those that are not known here."""
    return tuple(sorted(set(reasons), key=lambda reason: (_STRENGTHS.get(reason, _UNKNOWN), reason)))


def watchers_after(event: AnyEvent, before: TaskWatchers, sequence: int) -> TaskWatchers:
    """Give who watches a task after one of its events; `sequence` is the event's own."""
    after = dict(before)
    for added in event.data.watchers_added:
        person = added.person.id
        after[person] = after.get(person, Watching()).watched(Reason(added.reason.value), sequence)
    if isinstance(event, TaskUnwatched):
        person = event.data.watcher.id
        after[person] = after.get(person, Watching()).stopped(sequence)
    return after
