"""An event with a large audience, at a whole worker: nobody else waits for it, and nothing is lost when it stops."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.events import AnyEvent
from contracts.topology import lane_of
from notification_worker.commands import apply_batch, apply_large
from notification_worker.commands.apply_events import apply_events, apply_short_events
from notification_worker.commands.apply_large import apply_chunk
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.commands.surroundings import FIRST, Picture, read_next_watchers
from notification_worker.models import notifications, processed_events, watchers
from tests.integration.notification_worker.window import Window
from tests.integration.notification_worker.workers import eventually, producing, running_worker
from tests.support.notification_events import TaskStory, person

ANN, JOHN, EVE = person("Ann"), person("John"), person("Eve")
PEOPLE = 150


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply_batch, "LARGE_AUDIENCE", 10)


async def watched_by_many(database: AsyncEngine) -> tuple[TaskStory, list[UUID]]:
    story, crowd = TaskStory("Large"), [person(f"Person {number}").id for number in range(PEOPLE)]
    async with database.begin() as connection:
        await connection.execute(
            watchers.insert(),
            [
                {
                    "task_id": story.task.id,
                    "user_id": user_id,
                    "reasons": ["manual"],
                    "watched_sequence": 0,
                    "stopped_sequence": -1,
                }
                for user_id in crowd
            ],
        )
    return story, crowd


async def order_of(database: AsyncEngine) -> list[str]:
    """Give the ids of the events in the order in which they were finished."""
    async with database.connect() as connection:
        rows = processed_events.c
        return list((await connection.execute(select(rows.event_id).order_by(rows.processed_at))).scalars())


async def test_whoever_is_in_the_same_lane_is_told_before_a_large_audience_is_and_the_task_stays_in_order(
    database: AsyncEngine, notification_broker_url: str, task_broker_url: str
) -> None:
    large, crowd = await watched_by_many(database)
    other = next(story for _ in range(1_000) if lane_of((story := TaskStory()).task.id) == lane_of(large.task.id))
    first, second = large.moved(JOHN), large.commented(JOHN)
    beside: list[AnyEvent] = [other.assigned(JOHN, EVE) for _ in range(3)]
    async with producing(task_broker_url) as task_service:
        await task_service.send(first, second, *beside)
    async with running_worker([notification_broker_url], database):

        async def all_processed() -> bool:
            return len(await order_of(database)) == 5

        await eventually(all_processed)
    assert await order_of(database) == [*(event.id for event in beside), first.id, second.id]
    for user_id in crowd[::30]:
        window = Window(user_id)
        await window.sync(database)
        assert [row.type for row in sorted(window.rows.values(), key=lambda row: row.seq)] == [
            "status_changed",
            "comment_added",
        ]
    assert await check_inboxes(database) == []


async def test_a_batch_leaves_out_what_is_large_and_what_comes_behind_it_and_claims_neither(
    database: AsyncEngine,
) -> None:
    large, _ = await watched_by_many(database)
    before, told, behind = large.watched(ANN), large.commented(JOHN), large.watched(EVE)
    other = TaskStory().assigned(JOHN, EVE)

    left = await apply_short_events(database, [before, told, behind, told, other])

    assert list(left) == [told, behind, told]
    assert set(await order_of(database)) == {before.id, other.id}
    await apply_events(database, left)
    assert set(await order_of(database)) == {before.id, other.id, told.id, behind.id}
    async with database.connect() as connection:
        rows = select(func.count()).select_from(notifications).where(notifications.c.task_id == large.task.id)
        assert await connection.scalar(rows) == PEOPLE + 1


async def test_a_chunk_reads_its_own_people_and_nobody_elses(database: AsyncEngine) -> None:
    large, crowd = await watched_by_many(database)
    moved = large.moved(JOHN)
    now = datetime.now(UTC)

    up_to, written = await apply_chunk(database, moved, FIRST, lambda: now)

    assert up_to == sorted(crowd)[9]
    assert written.added_by_type == {"status_changed": 10}


async def test_whoever_watches_by_a_later_event_is_not_told_of_one_that_another_worker_has_finished_meanwhile(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, crowd = await watched_by_many(database)
    moved, later = large.moved(JOHN), large.watched(EVE)
    here = True

    async def another_comes_first(
        connection: AsyncConnection, event: AnyEvent, after: UUID, most: int
    ) -> tuple[Picture, UUID]:
        nonlocal here
        if here:
            here = False
            await apply_events(database, [moved, later])
        return await read_next_watchers(connection, event, after, most)

    monkeypatch.setattr(apply_large, "read_next_watchers", another_comes_first)
    await apply_events(database, [moved])
    async with database.connect() as connection:
        told = set((await connection.execute(select(notifications.c.user_id))).scalars())
    assert told == set(crowd)
