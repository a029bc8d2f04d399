"""Several schedulers at once, schedulers that are killed, and people whose inbox is busy."""

import asyncio
from collections import Counter
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from infra.database.engine import create_engine
from infra.database.errors import is_database_away
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.commands.mark import mark_all_read
from notification_worker.commands.send_digests import send_due_digests
from tests.integration.notification_worker.waiting import (
    NOON,
    Watch,
    digests_of,
    hold,
    outcomes_of,
    prefer,
    rows_of,
    waiting,
)
from tests.integration.notification_worker.window import delivered
from tests.integration.notification_worker.workers import eventually
from tests.support.patience import patient_engine

MEMBERS_EACH = 3


async def send_all(database: AsyncEngine) -> int:
    sent = 0
    while more := await send_due_digests(database, clock=Watch()):
        sent += more
    return sent


_WAITING = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def until_somebody_waits(database: AsyncEngine) -> None:
    async def waits() -> bool:
        async with database.connect() as connection:
            return bool(await connection.scalar(text(f"SELECT count(*) {_WAITING}")))

    await eventually(waits)


async def kill_who_waits_to_write_the_outbox(database: AsyncEngine) -> None:
    async def killed() -> bool:
        async with database.connect() as connection:
            found = text(f"SELECT count(pg_terminate_backend(pid)) {_WAITING} AND query LIKE 'INSERT INTO outbox%'")
            return bool(await connection.scalar(found))

    await eventually(killed)


async def test_of_several_schedulers_at_once_each_digest_comes_once(
    database: AsyncEngine, notification_database_url: str
) -> None:
    people = [uuid7() for _ in range(150)]
    await hold(database, [waiting(person) for person in people for _ in range(MEMBERS_EACH)])
    engines = [patient_engine(notification_database_url, application_name="scheduler") for _ in range(4)]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(send_all(engine)) for engine in engines]
    for engine in engines:
        await engine.dispose()

    assert sum(task.result() for task in tasks) == len(people)
    assert Counter(personal.user_id for personal in await delivered(database)) == Counter(people)
    sizes = [row._mapping["count"] for row in await rows_of(database, "notifications", type="digest")]
    assert sizes == [MEMBERS_EACH] * len(people)
    assert await rows_of(database, "notification_members", notification_id=None) == []
    assert await check_inboxes(database) == []


async def test_schedulers_beside_readers_lose_no_number(database: AsyncEngine) -> None:
    people = [uuid7() for _ in range(20)]
    for _ in range(4):
        await hold(database, [waiting(person) for person in people for _ in range(2)])
        async with asyncio.TaskGroup() as group:
            group.create_task(send_all(database))
            group.create_task(send_all(database))
            group.create_task(read_all(database, people))

    for person in people:
        seqs = [personal.seq for personal in await delivered(database) if personal.user_id == person]
        assert seqs == list(range(1, len(seqs) + 1))
        assert len(await digests_of(database, person)) == 4
    assert await check_inboxes(database) == []


async def read_all(database: AsyncEngine, people: list[UUID]) -> None:
    for person in people:
        await mark_all_read(database, person, 1_000)


async def test_a_scheduler_that_is_killed_in_the_middle_leaves_nothing_half_done(
    database: AsyncEngine, notification_database_url: str
) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann) for _ in range(MEMBERS_EACH)])
    beside = await asyncpg.connect(notification_database_url)
    scheduler = patient_engine(notification_database_url, application_name="scheduler")
    # It gets as far as its last statement, and is killed there.
    await beside.execute("BEGIN; LOCK TABLE outbox IN EXCLUSIVE MODE")

    async with asyncio.TaskGroup() as group:
        group.create_task(kill_who_waits_to_write_the_outbox(database))
        with pytest.raises(DBAPIError) as caught:
            await send_due_digests(scheduler, clock=Watch())
    assert is_database_away(caught.value)
    await beside.execute("ROLLBACK")

    assert await rows_of(database, "notifications") == []
    assert len(await rows_of(database, "notification_members", due_at=NOON)) == MEMBERS_EACH
    (head,) = await rows_of(database, "inboxes", user_id=ann)
    assert (head.last_seq, head.unread_count) == (0, 0)
    assert await send_due_digests(scheduler, clock=Watch()) == 1
    (digest,) = await digests_of(database, ann)
    assert (digest.seq, digest._mapping["count"]) == (1, MEMBERS_EACH)
    assert await check_inboxes(database) == []
    await scheduler.dispose()
    await beside.close()


async def test_a_busy_inbox_is_waited_for(database: AsyncEngine) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann)])
    async with asyncio.TaskGroup() as group, database.begin() as connection:
        await connection.execute(text("SELECT 1 FROM inboxes FOR UPDATE"))
        sending = group.create_task(send_due_digests(database, clock=Watch()))
        await until_somebody_waits(database)
        assert not sending.done()
    assert sending.result() == 1


async def test_an_inbox_that_stays_busy_ends_the_try_and_its_digest_comes_later(
    database: AsyncEngine, notification_database_url: str
) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann)])
    scheduler = create_engine(notification_database_url, application_name="scheduler")
    async with database.begin() as connection:
        await connection.execute(text("SELECT 1 FROM inboxes FOR UPDATE"))
        with pytest.raises(DBAPIError) as caught:
            await send_due_digests(scheduler, clock=Watch())
    assert is_database_away(caught.value)
    await scheduler.dispose()
    assert await send_due_digests(database, clock=Watch()) == 1


async def test_a_person_erased_while_their_digest_is_due_gets_no_inbox_again(database: AsyncEngine) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann)])
    async with asyncio.TaskGroup() as group, database.begin() as connection:
        await connection.execute(text("DELETE FROM inboxes"))
        sending = group.create_task(send_due_digests(database, clock=Watch()))
        await until_somebody_waits(database)
    assert sending.result() == 0
    assert await rows_of(database, "inboxes") == []


async def test_an_outcome_is_not_noted_at_an_event_that_is_forgotten_at_the_same_moment(database: AsyncEngine) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann)])
    await prefer(database, ann, comment_added="off")
    async with asyncio.TaskGroup() as group, database.begin() as connection:
        await connection.execute(text("DELETE FROM task_events"))
        sending = group.create_task(send_due_digests(database, clock=Watch()))
        await until_somebody_waits(database)
    assert sending.result() == 0
    assert await rows_of(database, "notification_members") == []
    assert await outcomes_of(database, ann) == {}
