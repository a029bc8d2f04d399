"""An erasure of somebody who has much: it goes in steps, holds up nobody, and goes on where it was stopped."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import Table, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events.task import Person, TaskStatus
from contracts.events.user import UserErased
from notification_worker.commands import own_rows
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.commands.muting import mute_task
from notification_worker.models import (
    deleted_tasks,
    export_requests,
    inboxes,
    metadata,
    notification_members,
    notifications,
    users,
)
from tests.integration.notification_worker.answers import completed, counts, erasure_of, export_requested, now
from tests.integration.notification_worker.books import all_of
from tests.integration.notification_worker.inbox_rows import add_rows
from tests.integration.notification_worker.waiting import hold, prefer, waiting
from tests.support.former_names import TEXTS
from tests.support.gateway import until
from tests.support.notification_events import TaskStory, person, registered, requested

ANN, EVE, JOHN = person("Ann"), person("Eve"), person("John")
_WAITS = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


async def somebody_waits(database: AsyncEngine) -> bool:
    async with database.connect() as connection:
        return bool(await connection.scalar(_WAITS))


async def rows_of(database: AsyncEngine, table: Table, somebody: Person) -> int:
    async with database.connect() as connection:
        counted = select(func.count()).select_from(table).where(table.c.user_id == somebody.id)
        return int(await connection.scalar(counted) or 0)


@pytest.mark.parametrize("busy", [inboxes, export_requests], ids=lambda table: table.name)
async def test_events_are_applied_while_an_erasure_waits_for_what_is_busy(database: AsyncEngine, busy: Table) -> None:
    story = TaskStory()
    await apply_events(database, [registered(ANN), story.watched(ANN), story.watched(EVE), story.moved(JOHN)])
    await apply_events(database, [export_requested(ANN)])
    async with asyncio.TaskGroup() as group, database.begin() as other:
        await other.execute(select(busy).where(busy.c.user_id == ANN.id).with_for_update())
        erasing = group.create_task(apply_events(database, [erasure_of(ANN)]))
        await until(partial(somebody_waits, database), "the erasure to wait")
        await apply_events(database, [story.commented(JOHN)])
        assert not erasing.done()
    assert await rows_of(database, notifications, EVE) == 2
    assert await rows_of(database, busy, ANN) == 0


async def test_an_erasure_that_is_stopped_between_its_steps_goes_on_and_counts_each_row_once(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_rows, "STEP", 2)
    story, erasure = TaskStory(), erasure_of(ANN)
    await apply_events(database, [registered(ANN), story.watched(ANN), story.watched(EVE), story.assigned(JOHN, ANN)])
    await mute_task(database, ANN.id, story.task.id)
    await prefer(database, ANN.id, comment_added="daily")
    await add_rows(database, ANN.id, 4)
    await add_rows(database, EVE.id, 3, actor_id=ANN.id, actor_name="Ann")
    await hold(database, [waiting(ANN.id) for _ in range(5)])
    remove_some, steps = own_rows._remove_some, 0

    async def killed(database: AsyncEngine, event: UserErased, what: str, table: Table) -> bool:
        nonlocal steps
        steps += 1
        if steps in {3, 7}:
            raise RuntimeError("killed")
        return await remove_some(database, event, what, table)

    monkeypatch.setattr(own_rows, "_remove_some", killed)
    for left in ([1, 5], [0, 3]):
        with pytest.raises(RuntimeError, match="killed"):
            await apply_events(database, [erasure])
        assert [await rows_of(database, table, ANN) for table in (notification_members, notifications)] == left
        assert await check_inboxes(database) == []
    # What comes meanwhile tells the person nothing.
    await apply_events(database, [story.moved(JOHN), requested([ANN.id, EVE.id])])

    await apply_events(database, [erasure])
    await apply_events(database, [erasure])
    (answer,) = await completed(database)
    assert counts(answer) == {
        "notifications": 5,
        "notification_members": 5,
        "watched_tasks": 1,
        "muted_tasks": 1,
        "preferences": 1,
        "task_events": 1,
        "names_in_inboxes_of_others": 3,
    }
    for table in metadata.sorted_tables:
        if "user_id" in table.c and table.name != "erasures":
            assert await rows_of(database, table, ANN) == 0
    assert await check_inboxes(database) == []


async def test_what_is_left_of_an_erased_person_is_passed_by_even_by_a_late_event_of_a_deleted_task(
    database: AsyncEngine,
) -> None:
    story = TaskStory()
    await apply_events(database, [registered(ANN), story.watched(ANN), story.moved(JOHN, TaskStatus.DONE)])
    async with database.begin() as connection:
        await connection.execute(update(users).values(erased_at=now()))
        await connection.execute(insert(deleted_tasks).values(task_id=story.task.id, deleted_at=now()))
    await apply_events(database, [story.moved(JOHN, TaskStatus.TODO)])
    assert [row["last_seq"] for row in await all_of(database, inboxes)] == [1]
    assert await rows_of(database, notifications, ANN) == 1


async def test_a_name_goes_out_of_the_texts_of_others_as_a_whole_word(database: AsyncEngine) -> None:
    await apply_events(database, [registered(EVE)])
    for words, name, _ in TEXTS:
        actor = Person(id=ANN.id, name=name)
        await apply_events(database, [requested([EVE.id], message=words, actor=actor)])
    await apply_events(database, [erasure_of(ANN)])
    async with database.connect() as connection:
        rows = notifications.c
        left = list((await connection.execute(select(rows.message).order_by(rows.created_at, rows.id))).scalars())
    assert left == [without for _, _, without in TEXTS]
