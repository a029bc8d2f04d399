"""Who is told what became of events, after each commit."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from contracts.events import AnyEvent


class ApplyObserver(Protocol):
    """Told right after a commit; must not block and must not fail."""

    def applied(self, events: Sequence[AnyEvent]) -> None:
        """These were new, and are wholly applied now."""

    def repeated(self, count: int) -> None:
        """So many events had been applied before."""

    def notified(self, count_by_type: Mapping[str, int]) -> None:
        """So many new notifications of each type are in inboxes now."""


class Unobserved(ApplyObserver):
    """Nobody is told."""

    def applied(self, events: Sequence[AnyEvent]) -> None: ...

    def repeated(self, count: int) -> None: ...

    def notified(self, count_by_type: Mapping[str, int]) -> None: ...


UNOBSERVED = Unobserved()
