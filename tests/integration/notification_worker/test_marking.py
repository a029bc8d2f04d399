import asyncio
import random
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.check_inboxes import Difference, check_inboxes
from notification_worker.commands.errors import NotificationNotFoundError
from notification_worker.commands.mark import Seen, mark_all_read, mark_read, mark_unread
from notification_worker.models import inboxes, outbox
from tests.integration.notification_worker.window import HISTORY, Window, assert_frames_tell_what_sync_tells
from tests.support.notification_events import TaskStory, person
from tests.support.sent_statements import sent_statements

ANN, JOHN, EVE = person("Ann"), person("John"), person("Eve")


async def inbox_with(database: AsyncEngine, count: int) -> Window:
    """Give Ann so many unread notifications, and one of her windows."""
    story = TaskStory()
    await apply_events(database, [story.created(ANN), *(story.moved(JOHN) for _ in range(count))])
    window = Window(ANN.id)
    await window.sync(database)
    return window


async def test_reading_clears_it_in_every_window(database: AsyncEngine) -> None:
    window = await inbox_with(database, 3)
    first, second, _ = window.rows
    assert await mark_read(database, ANN.id, [Seen(first), Seen(second)])
    await assert_frames_tell_what_sync_tells(database, window)
    assert (window.seq, window.unread_count) == (4, 1)
    assert {row.seq for row in window.rows.values() if row.read_at} == {4}


async def test_reading_twice_changes_nothing_the_second_time(database: AsyncEngine) -> None:
    window = await inbox_with(database, 1)
    (only,) = window.rows
    assert await mark_read(database, ANN.id, [Seen(only)])
    async with database.connect() as connection:
        before = await connection.scalar(select(func.count()).select_from(outbox))
    assert not await mark_read(database, ANN.id, [Seen(only)])
    await assert_frames_tell_what_sync_tells(database, window)
    async with database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(outbox)) == before
    assert window.seq == 2


async def test_what_changed_since_it_was_seen_stays_unread(database: AsyncEngine) -> None:
    window = await inbox_with(database, 1)
    (row,) = window.rows.values()
    await mark_read(database, ANN.id, [Seen(row.id)])
    await mark_unread(database, ANN.id, [Seen(row.id)], history=HISTORY)
    assert not await mark_read(database, ANN.id, [Seen(row.id, row.seq)])
    assert await mark_read(database, ANN.id, [Seen(row.id, 3)])
    await assert_frames_tell_what_sync_tells(database, window)
    assert (window.seq, window.unread_count) == (4, 0)


async def test_an_id_of_somebody_else_refuses_the_whole_command(database: AsyncEngine) -> None:
    window = await inbox_with(database, 2)
    first, second = window.rows
    for foreign in (Seen(second), Seen(uuid4())):
        owner, other = (EVE.id, foreign) if foreign.id == second else (ANN.id, foreign)
        with pytest.raises(NotificationNotFoundError):
            await mark_read(database, owner, [Seen(first), other])
        with pytest.raises(NotificationNotFoundError):
            await mark_unread(database, owner, [Seen(first), other], history=HISTORY)
    await assert_frames_tell_what_sync_tells(database, window)
    assert (window.seq, window.unread_count) == (2, 2)


async def test_however_many_are_marked_the_statements_are_the_same(database: AsyncEngine) -> None:
    window = await inbox_with(database, 4)
    first, *others = window.rows
    texts = []
    for ids in ([first], others):
        with sent_statements(database) as sent:
            assert await mark_read(database, ANN.id, [Seen(one) for one in ids])
            assert await mark_unread(database, ANN.id, [Seen(one) for one in ids], history=HISTORY)
            assert await mark_read(database, ANN.id, [Seen(one) for one in ids])
        texts.append([statement for statement, _ in sent])
    await assert_frames_tell_what_sync_tells(database, window)
    assert window.unread_count == 0
    assert len(texts[0]) == 3 * len(("lock", "find", "mark", "head", "outbox"))
    assert texts[0] == texts[1]


async def test_reading_all_leaves_what_came_later(database: AsyncEngine) -> None:
    window = await inbox_with(database, 5)
    assert await mark_all_read(database, ANN.id, 3)
    await assert_frames_tell_what_sync_tells(database, window)
    assert (window.seq, window.unread_count) == (6, 2)
    assert not await mark_all_read(database, ANN.id, 3)
    assert not await mark_all_read(database, uuid4(), 3)


async def test_marking_as_unread_undoes_the_reading(database: AsyncEngine) -> None:
    window = await inbox_with(database, 2)
    first, _ = window.rows
    await mark_all_read(database, ANN.id, 2)
    assert await mark_unread(database, ANN.id, [Seen(first)], history=HISTORY)
    assert not await mark_unread(database, ANN.id, [Seen(first)], history=HISTORY)
    await assert_frames_tell_what_sync_tells(database, window)
    assert (window.seq, window.unread_count) == (4, 1)


async def test_a_wrong_counter_is_found_by_the_recount(database: AsyncEngine) -> None:
    await inbox_with(database, 2)
    async with database.begin() as connection:
        await connection.execute(update(inboxes).values(unread_count=7, last_seq=9))
    (difference,) = await check_inboxes(database)
    assert isinstance(difference, Difference)
    assert (difference.unread_count, difference.unread_rows) == (7, 2)
    assert (difference.last_seq, difference.largest_seq) == (9, 2)


async def test_batches_and_marking_side_by_side_neither_deadlock_nor_lose_a_number(database: AsyncEngine) -> None:
    people = [person(f"Person {number}") for number in range(12)]
    stories = [TaskStory() for _ in range(8)]
    await apply_events(database, [story.watched(one) for story in stories for one in people])

    async def write(story: TaskStory) -> None:
        for _ in range(12):
            others = random.sample(people, 3)
            await apply_events(
                database, [story.moved(JOHN), *(story.assigned(JOHN, other) for other in others), story.commented(JOHN)]
            )

    async def read() -> None:
        for _ in range(40):
            (one,) = random.sample(people, 1)
            window = Window(one.id)
            await window.sync(database)
            rows = random.sample(sorted(window.rows), min(3, len(window.rows)))
            await mark_read(database, one.id, [Seen(row) for row in rows])
            await mark_unread(database, one.id, [Seen(row) for row in rows[:1]], history=HISTORY)
            await mark_all_read(database, one.id, window.seq // 2)

    windows = [Window(one.id) for one in people]
    for window in windows:
        await window.sync(database)
    async with asyncio.TaskGroup() as group:
        for story in stories:
            group.create_task(write(story))
        for _ in range(3):
            group.create_task(read())
    assert await check_inboxes(database) == []
    for window in windows:
        await window.receive(database)
        assert window.applied == list(range(1, len(window.applied) + 1))
        fresh = Window(window.user_id)
        await fresh.sync(database, 0)
        assert (window.seq, window.unread_count) == (fresh.seq, fresh.unread_count)
        assert window.rows == fresh.rows
