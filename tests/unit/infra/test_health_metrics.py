"""What a process tells Prometheus of its readiness."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from infra.health import Health
from infra.health_metrics import KNOWN_SECONDS, HealthMetrics


class Database:
    """Is away until it is told otherwise, and counts who asks."""

    def __init__(self) -> None:
        self.is_there = False
        self.asked = asyncio.Event()

    async def check(self) -> None:
        self.asked.set()
        if not self.is_there:
            raise ConnectionError


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def running(metrics: HealthMetrics) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(metrics.run(stop))
        yield
        stop.set()


async def until_known(registry: CollectorRegistry, value: float) -> None:
    async with asyncio.timeout(60):
        while registry.get_sample_value("taskify_ready", {"check": "database"}) != value:
            await asyncio.sleep(0.001)


async def test_each_check_is_one_or_zero_and_nothing_is_known_before_the_first_answer() -> None:
    database, registry = Database(), CollectorRegistry()
    metrics = HealthMetrics(Health({"database": database.check}), registry)
    assert registry.get_sample_value("taskify_ready", {"check": "database"}) is None

    async with running(metrics):
        await until_known(registry, 0)
    database.is_there = True
    async with running(metrics):
        await until_known(registry, 1)


async def test_the_page_asks_nobody() -> None:
    database, registry = Database(), CollectorRegistry()
    metrics = HealthMetrics(Health({"database": database.check}), registry)
    async with running(metrics):
        await until_known(registry, 0)
    database.asked.clear()

    assert registry.get_sample_value("taskify_ready", {"check": "database"}) == 0
    assert not database.asked.is_set()


async def test_what_is_old_is_not_told() -> None:
    clock, registry = Clock(), CollectorRegistry()
    metrics = HealthMetrics(Health({"database": Database().check}), registry, clock=clock)
    async with running(metrics):
        await until_known(registry, 0)

    clock.now += KNOWN_SECONDS
    assert registry.get_sample_value("taskify_ready", {"check": "database"}) == 0
    clock.now += 0.1
    assert registry.get_sample_value("taskify_ready", {"check": "database"}) is None
