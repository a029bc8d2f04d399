"""What there is to know of erasures and exports."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from prometheus_client.metrics_core import Metric

from infra.clock import Clock, system_clock
from infra.metrics.families import counter, gauge
from notification_worker.commands.erasures import Unfinished


@dataclass
class ErasureTallies:
    """Plain numbers; `unfinished` is as of the last look, and of all workers together."""

    unfinished: Unfinished = field(default_factory=lambda: Unfinished(0, None))
    finished: int = 0
    padded_bytes: int = 0
    exports: int = 0


class ErasureMetrics:
    """A collector."""

    def __init__(self, tallies: ErasureTallies, clock: Clock = system_clock) -> None:
        self._tallies = tallies
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """Read everything as it is now."""
        tallies = self._tallies
        begun_at = tallies.unfinished.oldest_begun_at
        age = 0.0 if begun_at is None else max((self._clock() - begun_at).total_seconds(), 0.0)
        yield gauge("taskify_worker_erasures_pending", "Erasures that are not finished", tallies.unfinished.count)
        yield gauge("taskify_worker_erasure_oldest_age_seconds", "Age of the oldest of them", age)
        yield counter("taskify_worker_erasures_total", "Erasures that were finished", tallies.finished)
        yield counter("taskify_worker_exports_total", "Exports that were answered", tallies.exports)
        yield counter(
            "taskify_worker_padding_bytes_total",
            "What was written to the stream so that its old segments go",
            tallies.padded_bytes,
        )
