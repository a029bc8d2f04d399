import asyncio
from collections.abc import Sequence

import aio_pika.abc
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from contracts.events.task import TaskStatus
from contracts.topology import NOTIFICATION_WORKER, lane_of, task_events_queue
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.models import notifications, processed_events, users
from tests.integration.notification_worker.answers import erasure_of, now
from tests.integration.notification_worker.window import Window
from tests.integration.notification_worker.workers import (
    dead_letters,
    eventually,
    is_consuming,
    producing,
    running_worker,
)
from tests.support.notification_events import TaskStory, person, registered, requested
from tests.support.tcp_proxy import TcpProxy

ANN, JOHN, EVE = person("Ann"), person("John"), person("Eve")


async def processed(database: AsyncEngine) -> int:
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(processed_events)) or 0)


async def test_events_become_notifications(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str
) -> None:
    story = TaskStory()
    async with running_worker([notification_broker_url], database), producing(task_broker_url) as task_service:
        await task_service.send(registered(ANN), story.created(ANN), story.assigned(JOHN, EVE), story.moved(JOHN))

        async def all_processed() -> bool:
            return await processed(database) == 4

        await eventually(all_processed)
    window = Window(EVE.id)
    await window.sync(database)
    assert sorted(row.type for row in window.rows.values()) == ["status_changed", "task_assigned"]


async def test_the_order_of_each_lane_is_kept_with_a_large_prefetch(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str
) -> None:
    stories = [TaskStory(f"Task {number}") for number in range(20)]
    events: list[AnyEvent] = [story.moved(ANN) for _ in range(250) for story in stories]
    async with producing(task_broker_url) as task_service, asyncio.TaskGroup() as group:
        # Each lane's events in their order, the lanes side by side.
        for lane in {lane_of(story.task.id) for story in stories}:
            own = [event for event in events if lane_of(event.data.task.id) == lane]
            group.create_task(task_service.send(*own))
    applied: list[AnyEvent] = []

    async def record(batch: Sequence[AnyEvent]) -> None:
        applied.extend(batch)
        await asyncio.sleep(0)

    async with running_worker([notification_broker_url], database, apply=record, prefetch=500):

        async def all_applied() -> bool:
            return len(applied) >= len(events)

        await eventually(all_applied)
    assert len(applied) == 5_000
    for story in stories:
        sequences = [int(event.sequence or 0) for event in applied if event.data.task.id == story.task.id]
        assert sequences == sorted(sequences)


async def test_a_culprit_is_dead_lettered_with_its_reason_while_its_neighbours_are_processed(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str, admin_broker_url: str
) -> None:
    story = TaskStory()
    created, before = story.created(ANN), story.moved(JOHN)
    culprit, after = story.moved(person("Jo\0hn")), story.moved(JOHN, TaskStatus.DONE)
    async with producing(task_broker_url) as task_service:
        await task_service.send(created, before, culprit, after)
    async with running_worker([notification_broker_url], database):
        (letter,) = await dead_letters(admin_broker_url, 1)

        async def neighbours_processed() -> bool:
            return await processed(database) == 3

        await eventually(neighbours_processed)
    assert letter.body == culprit.model_dump_json().encode()
    assert (letter.message_id, letter.type, letter.routing_key) == (culprit.id, culprit.type, NOTIFICATION_WORKER)
    headers = letter.headers
    assert headers["x-reason"] == "not_applicable"
    assert "SQLSTATE 22021" in str(headers["x-error"])
    assert "hn" not in str(headers["x-error"])
    assert headers["x-queue"] == task_events_queue(lane_of(story.task.id))
    assert (headers["x-user-id"], headers["x-exchange"]) == ("task-service", "domain.events")
    assert int(str(headers["x-attempts"])) >= 1
    assert str(headers["x-first-failed-at"]) <= str(headers["x-last-failed-at"])
    window = Window(ANN.id)
    await window.sync(database)
    assert len(window.rows) == 2


async def test_an_erasure_that_fails_is_dead_lettered_though_the_person_counts_as_erased_already(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str, admin_broker_url: str
) -> None:
    story, erasure = TaskStory(), erasure_of(ANN)

    async def fails_after_the_first_step(_: Sequence[AnyEvent]) -> None:
        async with database.begin() as connection:
            await connection.execute(insert(users).values(id=ANN.id, erased_at=now()).on_conflict_do_nothing())
        raise ValueError

    async with producing(task_broker_url) as task_service:
        await task_service.send(erasure, story.moved(ANN), story.moved(JOHN))
    async with running_worker([notification_broker_url], database, apply=fails_after_the_first_step):
        letters = await dead_letters(admin_broker_url, 2)
    assert erasure.id in {letter.message_id for letter in letters}


async def test_a_message_that_was_read_as_no_event_is_dead_lettered_with_its_reason(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str, admin_broker_url: str
) -> None:
    good = TaskStory().assigned(JOHN, EVE)
    foreign = requested([EVE.id], source="/billing")
    ours = good.model_copy(update={"source": "/billing"})
    unordered = TaskStory().moved(JOHN).model_copy(update={"sequence": None})
    async with producing(task_broker_url) as task_service, producing(admin_broker_url, user="nobody") as stranger:
        await task_service.send_raw(b"this is no envelope", "task.moved.1")
        await task_service.send_raw(good.model_dump_json().replace("assigned.v1", "sung.v1").encode(), "task.sung.1")
        await task_service.send_raw(good.model_dump_json().replace("Fix", "F" * 300).encode(), "task.assigned.1")
        await task_service.send(ours, unordered)
        await stranger.send_raw(good.model_dump_json().encode(), "task.assigned.1", user_id=None)
        await stranger.send_raw(foreign.model_dump_json().encode(), "notification.requested", user_id=None)
        await task_service.send(good)
    async with running_worker([notification_broker_url], database):
        letters = await dead_letters(admin_broker_url, 7)

        async def good_processed() -> bool:
            return await processed(database) == 1

        await eventually(good_processed)
    assert sorted(str(letter.headers["x-reason"]) for letter in letters) == [
        "foreign_source",
        "foreign_source",
        "foreign_source",
        "invalid_event_data",
        "invalid_event_data",
        "not_an_envelope",
        "unknown_event_type",
    ]


async def test_a_dead_letter_that_failed_before_goes_on_counting_and_keeps_what_it_said(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str, admin_broker_url: str
) -> None:
    before: aio_pika.abc.HeadersType = {
        "x-attempts": "3",
        "x-first-failed-at": "2026-01-01T00:00:00.000000Z",
        "x-note": "looked at",
    }
    async with producing(task_broker_url) as task_service:
        await task_service.send_raw(b"no envelope", "task.moved.1", headers=before)
    async with running_worker([notification_broker_url], database):
        (letter,) = await dead_letters(admin_broker_url, 1)
    assert (letter.headers["x-attempts"], letter.headers["x-note"]) == ("4", "looked at")
    assert letter.headers["x-first-failed-at"] == before["x-first-failed-at"]
    assert str(letter.headers["x-last-failed-at"]) > str(before["x-first-failed-at"])


async def test_what_was_not_acknowledged_when_the_connection_broke_is_applied_exactly_once(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str
) -> None:
    story, commits = TaskStory(), 0
    async with TcpProxy.to(notification_broker_url) as proxy:

        async def apply_and_lose_the_connection(batch: Sequence[AnyEvent]) -> None:
            nonlocal commits
            await apply_events(database, batch)
            commits += 1
            if commits <= 3:
                proxy.break_connections()

        async with (
            producing(task_broker_url) as task_service,
            running_worker([proxy.url], database, apply=apply_and_lose_the_connection) as worker,
        ):
            await task_service.send(story.created(ANN), *(story.moved(JOHN) for _ in range(30)))

            async def all_processed() -> bool:
                return commits > 3 and await processed(database) == 31 and await is_consuming(worker)

            await eventually(all_processed)
    window = Window(ANN.id)
    await window.sync(database)
    assert (window.seq, window.unread_count, len(window.rows)) == (30, 30, 30)
    assert await check_inboxes(database) == []


async def test_a_worker_goes_on_over_the_next_address(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str
) -> None:
    story = TaskStory()
    async with (
        TcpProxy.to(notification_broker_url) as first,
        TcpProxy.to(notification_broker_url) as second,
        producing(task_broker_url) as task_service,
        running_worker([first.url, second.url], database) as worker,
    ):
        first.cut()

        async def consuming_over_the_second() -> bool:
            return second.connections > 0 and await is_consuming(worker)

        await eventually(consuming_over_the_second)
        await task_service.send(story.assigned(JOHN, EVE))

        async def is_processed() -> bool:
            return await processed(database) == 1

        await eventually(is_processed)


async def test_a_database_that_is_away_makes_events_wait_and_dead_letters_none(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str
) -> None:
    story, failures = TaskStory(), 0

    async def away_at_first(batch: Sequence[AnyEvent]) -> None:
        nonlocal failures
        if failures < 3:
            failures += 1
            raise ConnectionRefusedError
        await apply_events(database, batch)

    async with (
        producing(task_broker_url) as task_service,
        running_worker([notification_broker_url], database, apply=away_at_first),
    ):
        await task_service.send(story.created(ANN), *(story.moved(JOHN) for _ in range(5)))

        async def all_processed() -> bool:
            return await processed(database) == 6

        await eventually(all_processed)
    async with database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(notifications)) == 5
