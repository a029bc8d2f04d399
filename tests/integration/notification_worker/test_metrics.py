"""What the worker counts is what it wrote."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from notification_worker.commands import apply_batch
from notification_worker.commands.apply_events import apply_events
from notification_worker.consumers.batcher import Batcher, leaving_nothing
from notification_worker.metrics import WorkerMetrics, WorkerTallies
from tests.integration.notification_worker.workers import eventually, producing, running_worker
from tests.support.notification_events import TaskStory, erased, person, registered, requested

ANN, JOHN, EVE = person("Ann"), person("John"), person("Eve")


async def test_new_and_repeated_events_and_notifications_by_type_are_counted_after_the_commit(
    database: AsyncEngine,
) -> None:
    tallies = WorkerTallies()
    story = TaskStory()
    events: list[AnyEvent] = [registered(EVE), story.created(ANN), story.assigned(JOHN, EVE), story.moved(JOHN)]
    asked = requested([EVE.id])

    await apply_events(database, [*events, asked, events[0]], observer=tallies)
    await apply_events(database, [*events[:2], story.commented(JOHN)], observer=tallies)

    assert (tallies.applied_events, tallies.repeated_events) == (6, 3)
    assert tallies.notifications == {
        "task_assigned": 1,
        "status_changed": 2,
        "comment_added": 2,
        "digest": 0,
        "other": 1,
    }


async def test_deletions_and_erasures_are_counted_once(database: AsyncEngine) -> None:
    tallies = WorkerTallies()
    story = TaskStory()
    await apply_events(database, [story.created(ANN)])
    deleted, gone = story.deleted(ANN), erased(ANN)

    await apply_events(database, [deleted, gone], observer=tallies)
    await apply_events(database, [gone, deleted], observer=tallies)

    assert (tallies.applied_events, tallies.repeated_events) == (2, 2)


async def test_an_event_that_is_told_in_chunks_is_one_event(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_batch, "LARGE_AUDIENCE", 2)
    tallies = WorkerTallies()
    story = TaskStory()
    for number in range(5):
        await apply_events(database, [story.watched(person(f"Person {number}"))])
    moved = story.moved(JOHN)

    await apply_events(database, [moved], observer=tallies)
    await apply_events(database, [moved], observer=tallies)

    assert (tallies.applied_events, tallies.repeated_events) == (1, 1)
    assert tallies.notifications["status_changed"] == 5


async def test_the_latency_of_a_new_event_is_its_age_when_it_was_written(database: AsyncEngine) -> None:
    now = datetime.now(UTC) + timedelta(seconds=20)
    tallies = WorkerTallies(clock=lambda: now)
    created = TaskStory().created(ANN)

    await apply_events(database, [created, created], observer=tallies)

    assert sum(tallies.latency_seconds.counts) == 1
    assert tallies.latency_seconds.total == pytest.approx((now - created.time).total_seconds())


async def test_a_running_worker_counts_batches_and_dead_letters_by_reason(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str
) -> None:
    story, foreign = TaskStory(), requested([EVE.id])
    async with (
        running_worker([notification_broker_url], database) as worker,
        producing(task_broker_url) as task_service,
    ):
        tallies = worker.tallies
        await task_service.send(story.created(ANN), story.moved(JOHN))
        await task_service.send_raw(b"this is no envelope", "task.moved.1")
        await task_service.send_raw(b"nor is this", "task.moved.1")
        await task_service.send_raw(foreign.model_dump_json().encode(), "task.created.1")

        async def all_counted() -> bool:
            return tallies.applied_events == 2 and sum(tallies.dead_letters.values()) == 3

        await eventually(all_counted)

    assert tallies.dead_letters == {
        "not_an_envelope": 2,
        "unknown_event_type": 0,
        "invalid_event_data": 0,
        "foreign_source": 1,
        "unexpected_event_type": 0,
        "not_applicable": 0,
    }
    assert tallies.batch_sizes.total == 2
    assert sum(tallies.batch_seconds.counts) == sum(tallies.batch_sizes.counts) in {1, 2}
    assert tallies.failed_batches == 0


async def test_what_the_worker_counts_is_what_prometheus_sees(database: AsyncEngine) -> None:
    tallies, registry = WorkerTallies(), CollectorRegistry()
    batcher = Batcher(tallies.counting(leaving_nothing(partial(apply_events, database))))
    registry.register(WorkerMetrics(tallies, batcher))
    await apply_events(database, [TaskStory().assigned(JOHN, ANN)], observer=tallies)
    tallies.digests_sent(2)
    tallies.dead_lettered("not_an_envelope")

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"taskify_worker_{name}", labels)

    assert value("events_total", outcome="applied") == 1
    assert value("events_total", outcome="duplicate") == 0
    assert value("events_total", outcome="dead_lettered") == 1
    assert value("notifications_total", type="task_assigned") == 1
    assert value("notifications_total", type="digest") == 2
    assert value("dead_letters_total", reason="not_an_envelope") == 1
    assert value("latency_seconds_count") == 1
    assert value("waiting_events") == 0
