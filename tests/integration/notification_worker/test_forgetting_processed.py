"""Which events were processed is known for a time: for as long as one may come again."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from notification_worker.commands import forget_processed as forgetting
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.forget_processed import KEPT, ROWS, forget_processed
from notification_worker.models import notifications, processed_events
from tests.integration.notification_worker.waiting import NOON, Watch, rows_of
from tests.support.notification_events import TaskStory, person

JOHN, EVE = person("John"), person("Eve")

OLD = NOON - KEPT - timedelta(microseconds=1)
NOT_YET = NOON - KEPT


async def process(database: AsyncEngine, processed_at: datetime, count: int) -> set[str]:
    rows = [
        {
            "consumer": "notification_worker",
            "source": "/task-service",
            "event_id": str(uuid7()),
            "processed_at": processed_at,
        }
        for _ in range(count)
    ]
    async with database.begin() as connection:
        await connection.execute(insert(processed_events), rows)
    return {str(row["event_id"]) for row in rows}


async def known(database: AsyncEngine) -> set[str]:
    return {row.event_id for row in await rows_of(database, "processed_events")}


async def test_what_was_processed_long_ago_is_forgotten_and_the_rest_stays_known(database: AsyncEngine) -> None:
    await process(database, OLD, 3)
    young = await process(database, NOT_YET, 2) | await process(database, NOON, 1)

    assert await forget_processed(database, clock=Watch()) == 3
    assert await forget_processed(database, clock=Watch()) == 0
    assert await known(database) == young


async def test_an_event_that_comes_again_is_known_within_the_time_and_new_after_it(database: AsyncEngine) -> None:
    event = TaskStory().assigned(JOHN, EVE)
    await apply_events(database, [event])
    # It was read and freed by its age since: no row of hers names the event any more.
    async with database.begin() as connection:
        await connection.execute(delete(notifications))
    now = datetime.now(UTC)

    assert await forget_processed(database, clock=Watch(now + KEPT - timedelta(minutes=1))) == 0
    await apply_events(database, [event])
    assert await rows_of(database, "notifications") == []

    assert await forget_processed(database, clock=Watch(now + KEPT + timedelta(minutes=1))) == 1
    await apply_events(database, [event])
    assert [row.user_id for row in await rows_of(database, "notifications")] == [EVE.id]


async def test_one_transaction_frees_so_many_rows_at_most_the_oldest_first(database: AsyncEngine) -> None:
    rest = await process(database, OLD, 1)
    await process(database, OLD - timedelta(days=1), ROWS)

    assert await forget_processed(database, clock=Watch()) == ROWS
    assert await known(database) == rest
    assert await forget_processed(database, clock=Watch()) == 1


async def test_what_another_worker_is_about_to_free_is_passed_by(database: AsyncEngine) -> None:
    await process(database, OLD, ROWS + 500)
    async with database.begin() as other:
        freed = (await other.execute(forgetting._free(NOT_YET))).rowcount
        async with asyncio.timeout(30):
            assert (freed, await forget_processed(database, clock=Watch())) == (ROWS, 500)
    assert await known(database) == set()


async def test_several_at_once_free_everything_once(database: AsyncEngine) -> None:
    await process(database, OLD, 2 * ROWS)
    async with asyncio.TaskGroup() as group:
        several = [group.create_task(forget_processed(database, clock=Watch())) for _ in range(4)]
    rest = 0
    while freed := await forget_processed(database, clock=Watch()):
        rest += freed
    assert sum(one.result() for one in several) + rest == 2 * ROWS
    assert await known(database) == set()
