import asyncio
import random

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from contracts.events.task import Person
from infra.clock import system_clock
from notification_worker.commands import apply_batch
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.apply_large import apply_chunk
from notification_worker.commands.mark import Seen, mark_read, mark_unread
from notification_worker.commands.surroundings import FIRST
from notification_worker.models import notification_members, processed_events
from tests.integration.notification_worker.books import all_of, assert_books_hold, books_of
from tests.integration.notification_worker.window import HISTORY, Window, assert_frames_tell_what_sync_tells, delivered
from tests.support.notification_events import TaskStory, person

ANN, BEN, EVE, JOHN = person("Ann"), person("Ben"), person("Eve"), person("John")


async def watched_by(database: AsyncEngine, *people: Person) -> TaskStory:
    story = TaskStory()
    await apply_events(database, [story.watched(one) for one in people])
    return story


async def window_of(database: AsyncEngine, somebody: Person) -> Window:
    window = Window(somebody.id)
    await window.sync(database)
    return window


async def test_comments_on_a_task_are_one_row_that_names_the_latest(database: AsyncEngine) -> None:
    story = await watched_by(database, JOHN)
    window = await window_of(database, JOHN)
    first = story.commented(ANN)
    messages = []
    for event in (first, story.commented(ANN), story.commented(BEN), story.commented(EVE), story.commented(ANN)):
        await apply_events(database, [event])
        await assert_frames_tell_what_sync_tells(database, window)
        (row,) = window.rows.values()
        messages.append(row.message)
    assert messages == [
        "Ann commented on 'Fix login bug'",
        "Ann commented on 'Fix login bug'",
        "Ben and 1 other commented on 'Fix login bug'",
        "Eve and 2 others commented on 'Fix login bug'",
        "Ann and 2 others commented on 'Fix login bug'",
    ]
    (row,) = window.rows.values()
    assert (row.count, row.seq, window.seq, window.unread_count) == (5, 5, 5, 1)
    assert row.link == f"/tasks/{story.task.id}#comment-{first.data.comment.id}"
    assert row.updated_at > row.created_at
    await assert_books_hold(database)


async def test_a_row_of_one_has_no_member_and_a_row_of_several_has_all(database: AsyncEngine) -> None:
    story = await watched_by(database, JOHN)
    events = [story.commented(ANN), story.commented(BEN), story.commented(EVE)]
    await apply_events(database, events[:1])
    assert await all_of(database, notification_members) == []
    (shown,) = (await window_of(database, JOHN)).rows.values()
    for event in events[1:]:
        await apply_events(database, [event])
    rows = notification_members.c
    async with database.connect() as connection:
        found = (
            await connection.execute(
                select(rows.event_id, rows.actor_name, rows.comment_id, rows.event_time, rows.notification_id)
                .where(rows.user_id == JOHN.id)
                .order_by(rows.created_at, rows.id)
            )
        ).all()
    assert [tuple(row) for row in found] == [
        (event.id, event.data.actor.name, event.data.comment.id, event.time, shown.id) for event in events
    ]
    assert {row["id"] for row in await all_of(database, notification_members) if row["event_id"] == events[0].id} == {
        shown.id
    }


async def test_a_row_keeps_all_reasons_and_each_member_its_own(database: AsyncEngine) -> None:
    story = await watched_by(database, JOHN)
    await apply_events(database, [story.commented(ANN), story.assigned(ANN, JOHN), story.commented(ANN)])
    window = await window_of(database, JOHN)
    (row,) = [row for row in window.rows.values() if row.type == "comment_added"]
    assert row.reasons == ("assigned", "manual")
    members = {row["event_id"]: row["reasons"] for row in await all_of(database, notification_members)}
    assert sorted(members.values()) == [["assigned", "manual"], ["manual"]]


async def test_comments_of_different_tasks_stay_apart(database: AsyncEngine) -> None:
    stories = [await watched_by(database, JOHN) for _ in range(3)]
    await apply_events(database, [story.commented(ANN) for story in stories for _ in range(2)])
    window = await window_of(database, JOHN)
    assert [row.count for row in window.rows.values()] == [2, 2, 2]
    assert window.unread_count == 3


async def test_a_comment_after_the_row_was_read_begins_a_new_one(database: AsyncEngine) -> None:
    story = await watched_by(database, JOHN)
    await apply_events(database, [story.commented(ANN), story.commented(BEN)])
    window = await window_of(database, JOHN)
    (row_id,) = window.rows
    await mark_read(database, JOHN.id, [Seen(row_id)])
    await apply_events(database, [story.commented(EVE), story.commented(EVE)])
    await assert_frames_tell_what_sync_tells(database, window)
    assert sorted((row.count, row.read_at is None) for row in window.rows.values()) == [(2, False), (2, True)]
    assert window.unread_count == 1
    await assert_books_hold(database)


async def test_a_row_that_was_read_and_is_unread_again_is_joined_only_if_it_is_the_newest(
    database: AsyncEngine,
) -> None:
    story = await watched_by(database, JOHN)
    window = await window_of(database, JOHN)
    ids = []
    for _ in range(2):
        await apply_events(database, [story.commented(ANN)])
        await window.receive(database)
        ids += [row_id for row_id in window.rows if row_id not in ids]
        await mark_read(database, JOHN.id, [Seen(ids[-1])])
    older, newer = ids
    await mark_unread(database, JOHN.id, [Seen(older, None)], history=HISTORY)
    await apply_events(database, [story.commented(BEN)])
    await window.receive(database)
    assert [window.rows[row_id].count for row_id in ids] == [1, 1]
    (newest,) = window.rows.keys() - set(ids)
    await mark_read(database, JOHN.id, [Seen(newest)])
    await mark_unread(database, JOHN.id, [Seen(newest), Seen(newer)], history=HISTORY)
    await apply_events(database, [story.commented(EVE)])
    await assert_frames_tell_what_sync_tells(database, window)
    assert {row_id: row.count for row_id, row in window.rows.items()} == {older: 1, newer: 1, newest: 2}
    await assert_books_hold(database)


async def test_reading_what_was_seen_swallows_no_comment_that_came_after(database: AsyncEngine) -> None:
    story = await watched_by(database, JOHN)
    await apply_events(database, [story.commented(ANN)])
    window = await window_of(database, JOHN)
    (seen,) = window.rows.values()
    await apply_events(database, [story.commented(BEN)])
    assert not await mark_read(database, JOHN.id, [Seen(seen.id, seen.seq)])
    await assert_frames_tell_what_sync_tells(database, window)
    assert window.unread_count == 1
    (row,) = window.rows.values()
    assert await mark_read(database, JOHN.id, [Seen(row.id, row.seq)])
    await assert_frames_tell_what_sync_tells(database, window)
    assert window.unread_count == 0


@pytest.mark.parametrize("forget", [False, True])
async def test_comments_that_come_again_in_any_order_change_nothing(database: AsyncEngine, *, forget: bool) -> None:
    story = await watched_by(database, ANN, BEN, EVE, JOHN)
    events = [story.commented(one) for one in (ANN, BEN, ANN, EVE, JOHN, BEN)]
    await apply_events(database, events)
    before, frames = await books_of(database), await delivered(database)
    for _ in range(5):
        if forget:
            async with database.begin() as connection:
                await connection.execute(processed_events.delete())
        again = random.sample(events, len(events))
        await apply_events(database, again[:3])
        await apply_events(database, again[3:])
    assert await books_of(database) == before
    assert await delivered(database) == frames


async def test_fifteen_hundred_watchers_each_have_one_row_of_all_comments(database: AsyncEngine) -> None:
    crowd = [person(f"Person {number}") for number in range(1_500)]
    story = await watched_by(database, *crowd)
    events = [story.commented(ANN), story.commented(BEN), story.commented(ANN)]
    await apply_events(database, events)
    await apply_events(database, events)
    for one in (*crowd[:3], *crowd[-3:], crowd[750]):
        window = await window_of(database, one)
        (row,) = window.rows.values()
        assert (row.count, row.message) == (3, "Ann and 1 other commented on 'Fix login bug'")
        assert (window.seq, window.unread_count) == (3, 1)
    assert len(await delivered(database)) == 4_500 + 2
    await assert_books_hold(database)


async def test_a_large_audience_that_was_left_half_told_is_finished_without_joining_twice(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_batch, "LARGE_AUDIENCE", 4)
    crowd = [person(f"Person {number}") for number in range(10)]
    story = await watched_by(database, *crowd)
    await apply_events(database, [story.commented(ANN)])
    second = story.commented(BEN)
    halfway, _ = await apply_chunk(database, second, FIRST, system_clock)
    assert halfway is not None
    assert (await apply_chunk(database, second, halfway, system_clock))[0] is not None
    await apply_events(database, [second])
    await apply_events(database, [story.commented(EVE)])
    for one in crowd:
        window = await window_of(database, one)
        assert [(row.count, row.seq) for row in window.rows.values()] == [(3, 3)]
    await assert_books_hold(database)


async def test_batches_on_the_same_tasks_side_by_side_neither_deadlock_nor_lose_a_member(
    database: AsyncEngine,
) -> None:
    people = [person(f"Person {number}") for number in range(10)]
    stories = [await watched_by(database, *people) for _ in range(4)]
    windows = [await window_of(database, one) for one in people]
    events: list[AnyEvent] = []

    async def write() -> None:
        for _ in range(8):
            batch: list[AnyEvent] = []
            for story in random.sample(stories, 3):
                batch += [story.commented(random.choice((ANN, BEN, EVE))), story.moved(ANN)]  # noqa: S311 (no secret)
            events.extend(batch)
            await apply_events(database, batch)

    async def read() -> None:
        for _ in range(30):
            (one,) = random.sample(people, 1)
            window = await window_of(database, one)
            seen = [
                Seen(row.id, row.seq) for row in random.sample(list(window.rows.values()), min(3, len(window.rows)))
            ]
            await mark_read(database, one.id, seen)
            await mark_unread(database, one.id, seen[:1], history=HISTORY)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(write())
        for _ in range(2):
            group.create_task(read())
    await assert_books_hold(database)
    for window in windows:
        await window.receive(database)
        fresh = Window(window.user_id)
        await fresh.sync(database, 0)
        assert (window.rows, window.seq, window.unread_count) == (fresh.rows, fresh.seq, fresh.unread_count)
        assert sum(row.count for row in window.rows.values()) == len(events)
