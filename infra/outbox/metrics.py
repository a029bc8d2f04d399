"""What a relay counts."""

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from infra.broker import (
    MessageForbiddenError,
    MessageNackedError,
    MessageNotEncodableError,
    MessageRefusedError,
    MessageUnroutableError,
)
from infra.metrics.families import counter, counter_by, gauge, histogram
from infra.metrics.tallies import Distribution
from infra.outbox.observer import LoggingObserver
from infra.outbox.relay import Relay, Role

_OUTCOMES: dict[type[MessageRefusedError], str] = {
    MessageNackedError: "nacked",
    MessageUnroutableError: "unroutable",
    MessageForbiddenError: "forbidden",
    MessageNotEncodableError: "forbidden",
}


class CountingObserver(LoggingObserver):
    """Counts what a relay tells, besides writing it to the log."""

    def __init__(self, relay: str) -> None:
        super().__init__(relay)
        self.published_rows = 0
        self.publish_seconds = Distribution()
        self.refused_rows = dict.fromkeys(_OUTCOMES.values(), 0)

    def published(self, row_id: int, seconds: float) -> None:
        super().published(row_id, seconds)
        self.published_rows += 1
        self.publish_seconds.observe(seconds)

    def nacked(self, row_ids: Sequence[int]) -> None:
        super().nacked(row_ids)
        self.refused_rows[_OUTCOMES[MessageNackedError]] += len(row_ids)

    def refused(self, row_id: int, attempts: int, error: MessageRefusedError) -> None:
        super().refused(row_id, attempts, error)
        self.refused_rows[_OUTCOMES[type(error)]] += 1

    def set_aside(self, row_id: int, error: MessageRefusedError) -> None:
        super().set_aside(row_id, error)
        self.refused_rows[_OUTCOMES[type(error)]] += 1


class RelayMetrics:
    """A collector; what it says of the outbox is known to the relay that leads, and no sample otherwise."""

    def __init__(self, relay: Relay, counts: CountingObserver, registry: CollectorRegistry) -> None:
        self._relay = relay
        self._counts = counts
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """Read everything as it is now."""
        relay, counts, backlog = self._relay, self._counts, self._relay.backlog
        yield gauge("taskify_relay_leading", "1 while this relay is the one that publishes", relay.role is Role.LEADING)
        yield gauge(
            "taskify_relay_broker_blocked",
            "1 while rows wait because the broker is short of memory or disk",
            relay.broker_blocked,
        )
        yield gauge(
            "taskify_relay_outbox_rows", "Rows that wait in the outbox", None if backlog is None else backlog.rows
        )
        yield gauge(
            "taskify_relay_outbox_oldest_age_seconds",
            "Age of the row that has waited longest, 0 if there is none",
            None if backlog is None else backlog.oldest_age_seconds,
        )
        yield gauge(
            "taskify_relay_set_aside_rows",
            "Rows that were refused too often and wait for a person",
            None if backlog is None else backlog.set_aside_rows,
        )
        yield counter("taskify_relay_published_total", "Rows that the broker has confirmed", counts.published_rows)
        yield counter_by(
            "taskify_relay_refused_total",
            "Times that the broker refused a row, by how it did",
            ("outcome",),
            counts.refused_rows,
        )
        yield histogram(
            "taskify_relay_publish_seconds", "Time from the sending of a row to its confirm", counts.publish_seconds
        )
