"""What the worker counts."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client.metrics_core import Metric

from contracts.events import AnyEvent
from contracts.events.refusals import NOT_APPLICABLE, REASONS
from contracts.notification_types import NotificationType
from infra.clock import Clock, system_clock
from infra.consuming.dead_letters import DeadLetters, Failure
from infra.consuming.received import Received
from infra.metrics.families import OTHER, counter, counter_by, gauge, histogram
from infra.metrics.tallies import Distribution
from notification_worker.commands.apply_observer import ApplyObserver
from notification_worker.consumers.batcher import Apply, Batcher

_BATCH_SIZES = (1, 2, 5, 10, 20, 50, 100)


class WorkerTallies(ApplyObserver):
    """Plain numbers, added to after each batch, each commit and each dead letter."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self.applied_events = 0
        self.repeated_events = 0
        self.failed_batches = 0
        self.batch_sizes = Distribution(_BATCH_SIZES)
        self.batch_seconds = Distribution()
        self.latency_seconds = Distribution()
        self.dead_letters = dict.fromkeys((*REASONS.values(), NOT_APPLICABLE), 0)
        self.notifications = dict.fromkeys((*(str(one) for one in NotificationType), OTHER), 0)

    def applied(self, events: Sequence[AnyEvent]) -> None:
        now = self._clock()
        self.applied_events += len(events)
        for event in events:
            self.latency_seconds.observe((now - event.time).total_seconds())

    def repeated(self, count: int) -> None:
        self.repeated_events += count

    def notified(self, count_by_type: Mapping[str, int]) -> None:
        for kind, count in count_by_type.items():
            self.notifications[kind if kind in self.notifications else OTHER] += count

    def digests_sent(self, count: int) -> None:
        """Count digests, which no event asked for."""
        self.notifications[NotificationType.DIGEST] += count

    def dead_lettered(self, reason: str) -> None:
        """Count a message that nobody can handle."""
        self.dead_letters[reason] += 1

    def counting(self, apply: Apply) -> Apply:
        """Give a function that applies a batch, and counts how large it was and how long it took."""

        async def counted(events: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
            began_at = time.monotonic()
            try:
                return await apply(events)
            except Exception:
                self.failed_batches += 1
                raise
            finally:
                self.batch_sizes.observe(len(events))
                self.batch_seconds.observe(time.monotonic() - began_at)

        return counted


class CountedDeadLetters:
    """The dead letters, and how many there were by their reason."""

    def __init__(self, dead_letters: DeadLetters, dead_lettered: Callable[[str], None]) -> None:
        self._dead_letters = dead_letters
        self._dead_lettered = dead_lettered

    async def take(self, received: Received, failure: Failure) -> bool:
        """Do as `DeadLetters.take` does."""
        taken = await self._dead_letters.take(received, failure)
        if taken:
            self._dead_lettered(failure.reason)
        return taken


class WorkerMetrics:
    """A collector."""

    def __init__(self, tallies: WorkerTallies, batcher: Batcher) -> None:
        self._tallies = tallies
        self._batcher = batcher

    def collect(self) -> Iterable[Metric]:
        """Read everything as it is now."""
        tallies = self._tallies
        outcomes = {
            "applied": tallies.applied_events,
            "duplicate": tallies.repeated_events,
            "dead_lettered": sum(tallies.dead_letters.values()),
        }
        yield counter_by("taskify_worker_events_total", "Events, by what became of them", ("outcome",), outcomes)
        yield gauge("taskify_worker_waiting_events", "Events that wait for the batch under way", self._batcher.waiting)
        yield histogram("taskify_worker_batch_events", "Events that were applied together", tallies.batch_sizes)
        yield histogram("taskify_worker_batch_seconds", "Time that a batch took", tallies.batch_seconds)
        yield counter("taskify_worker_failed_batches_total", "Batches that ended by an error", tallies.failed_batches)
        yield histogram(
            "taskify_worker_latency_seconds",
            "Age of an event, since the change that it tells of, when its notifications were written",
            tallies.latency_seconds,
        )
        yield counter_by(
            "taskify_worker_notifications_total",
            "Notifications that were added to inboxes",
            ("type",),
            tallies.notifications,
        )
        yield counter_by(
            "taskify_worker_dead_letters_total",
            "Messages that went to the dead letters",
            ("reason",),
            tallies.dead_letters,
        )
