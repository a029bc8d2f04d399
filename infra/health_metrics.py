"""What `/health/ready` says, for Prometheus: whether each check passed the last time."""

import asyncio
import time
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from infra.health import OK, Health
from infra.metrics.families import gauge_by
from infra.waiting import any_set

CHECK_EVERY_SECONDS = 5.0
KNOWN_SECONDS = 15.0
"""After so long without an answer nothing is known any more, and there is no sample."""


class HealthMetrics:
    """A collector, and the service that asks all checks now and then: the page of metrics itself waits for nothing."""

    def __init__(
        self, health: Health, registry: CollectorRegistry, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._health = health
        self._clock = clock
        self._checks: dict[str, float] = {}
        self._asked_at = clock()
        registry.register(self)

    async def run(self, stop: asyncio.Event) -> None:
        """Ask every 5 seconds until the stop; a check that hangs is given up by `Health` after two."""
        while not stop.is_set():
            readiness = await self._health.readiness()
            self._checks = {name: float(said == OK) for name, said in readiness.checks.items()}
            self._asked_at = self._clock()
            await any_set(stop, seconds=CHECK_EVERY_SECONDS)

    def collect(self) -> Iterable[Metric]:
        """Give what was said last, if that was lately."""
        known = self._checks if self._clock() - self._asked_at <= KNOWN_SECONDS else {}
        yield gauge_by("taskify_ready", "1 while this check of the readiness passes", "check", known)
