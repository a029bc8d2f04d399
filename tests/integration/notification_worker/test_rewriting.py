import asyncio
from collections import Counter

import pytest
from sqlalchemy import Table, delete, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from contracts.events.task import Person
from notification_worker.commands import rewrite, task_history
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.commands.mark import Seen, mark_read
from notification_worker.commands.muting import mute_task
from notification_worker.models import (
    held_back_events,
    inboxes,
    muted_tasks,
    notification_members,
    notifications,
    preferences,
    task_events,
    users,
    watchers,
)
from tests.integration.notification_worker.books import all_of
from tests.integration.notification_worker.inbox_rows import add_row, add_rows
from tests.integration.notification_worker.waiting import hold, prefer, waiting
from tests.integration.notification_worker.window import Window, assert_frames_tell_what_sync_tells, delivered
from tests.support.gateway import until
from tests.support.notification_events import TaskStory, erased, person, registered, requested

ANN, BEN, EVE, JOHN = person("Ann"), person("Ben"), person("Eve"), person("John")


async def window_of(database: AsyncEngine, somebody: Person) -> Window:
    window = Window(somebody.id)
    await window.sync(database)
    return window


async def test_the_notifications_of_a_deleted_task_stay_without_a_link(database: AsyncEngine) -> None:
    story, other = TaskStory(), TaskStory("Write the docs")
    await apply_events(database, [story.created(ANN), story.assigned(JOHN, EVE), story.moved(JOHN)])
    await apply_events(database, [other.assigned(JOHN, EVE)])
    before = [await window_of(database, somebody) for somebody in (ANN, EVE)]
    deleted = story.deleted(JOHN)
    await apply_events(database, [deleted])
    await apply_events(database, [deleted])
    ann, eve = before
    for window in before:
        await assert_frames_tell_what_sync_tells(database, window)
    assert [(row.link, row.message) for row in ann.rows.values()] == [(None, "John moved 'Fix login bug' to In review")]
    assert (ann.seq, ann.unread_count, ann.resyncs) == (2, 1, 0)
    assert sorted(str(row.link) for row in eve.rows.values()) == [f"/tasks/{other.task.id}", "None", "None"]
    # Two of her rows changed with one number, so her window was told to ask.
    assert (eve.seq, eve.unread_count, eve.resyncs) == (4, 3, 1)
    assert await check_inboxes(database) == []


async def test_an_event_of_a_deleted_task_that_comes_late_has_no_link_and_adds_no_watcher(
    database: AsyncEngine,
) -> None:
    story = TaskStory()
    late = story.assigned(JOHN, EVE)
    await apply_events(database, [story.deleted(JOHN)])
    await apply_events(database, [late])
    (row,) = (await window_of(database, EVE)).rows.values()
    assert (row.message, row.link) == ("John assigned you 'Fix login bug'", None)
    async with database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(watchers)) == 0


async def test_an_erased_person_leaves_no_trace_and_no_name(database: AsyncEngine) -> None:
    story, other = TaskStory(), TaskStory("Write the docs")
    bill = requested([EVE.id, JOHN.id], message="Ann paid invoice 7", actor=ANN)
    await apply_events(database, [registered(ANN), registered(EVE), registered(JOHN)])
    await apply_events(database, [story.created(ANN), story.assigned(ANN, EVE), other.created(JOHN)])
    await apply_events(database, [story.moved(JOHN), bill, other.commented(ANN)])
    before = [await window_of(database, somebody) for somebody in (EVE, JOHN)]
    erasure = erased(ANN)
    await apply_events(database, [erasure, erasure])
    for window in before:
        await assert_frames_tell_what_sync_tells(database, window)
    eve, john = before
    assert sorted(row.message for row in eve.rows.values()) == [
        "A former member assigned you 'Fix login bug'",
        "John moved 'Fix login bug' to In review",
        "a former member paid invoice 7",
    ]
    actor = next(row.actor for row in john.rows.values() if row.type == "comment_added")
    assert actor is not None
    assert (actor.id, actor.name) == (None, "a former member")
    assert (eve.unread_count, john.unread_count) == (3, 2)
    assert await check_inboxes(database) == []
    await assert_nothing_left_of(database, ANN)


async def test_the_members_of_a_deleted_task_lose_their_link_and_nobody_mutes_it_any_more(
    database: AsyncEngine,
) -> None:
    story, other = TaskStory(), TaskStory("Write the docs")
    await apply_events(database, [story.watched(EVE), other.watched(EVE), story.watched(JOHN)])
    await mute_task(database, ANN.id, story.task.id)
    await mute_task(database, ANN.id, other.task.id)
    await prefer(database, JOHN.id, comment_added="daily")
    await apply_events(database, [story.commented(ANN), story.commented(JOHN), other.commented(ANN)])
    await apply_events(database, [other.commented(ANN)])
    window = await window_of(database, EVE)
    await apply_events(database, [story.deleted(ANN)])
    await assert_frames_tell_what_sync_tells(database, window)
    assert (window.resyncs, window.seq) == (0, 5)
    assert {(row["task_id"], row["task_deleted"]) for row in await all_of(database, notification_members)} == {
        (story.task.id, True),
        (other.task.id, False),
    }
    assert [row["task_id"] for row in await all_of(database, muted_tasks)] == [other.task.id]
    assert await check_inboxes(database) == []


async def test_a_row_whose_latest_actor_is_erased_names_a_former_member_and_counts_the_others(
    database: AsyncEngine,
) -> None:
    story = TaskStory()
    await apply_events(database, [story.watched(EVE)])
    await apply_events(database, [story.commented(BEN), story.commented(JOHN), story.commented(ANN)])
    window = await window_of(database, EVE)
    await apply_events(database, [erased(ANN)])
    await assert_frames_tell_what_sync_tells(database, window)
    (row,) = window.rows.values()
    assert row.message == "A former member and 2 others commented on 'Fix login bug'"
    assert row.actor is not None
    assert (row.actor.id, row.actor.name, row.count, window.seq) == (None, "a former member", 3, 4)
    # Who is erased still counts among those who did it.
    await apply_events(database, [story.commented(BEN), erased(BEN), story.commented(JOHN)])
    await assert_frames_tell_what_sync_tells(database, window)
    (row,) = window.rows.values()
    assert row.message == "John and 2 others commented on 'Fix login bug'"
    await assert_nothing_left_of(database, ANN)
    await assert_nothing_left_of(database, BEN)


async def test_an_erasure_of_somebody_below_the_latest_changes_no_row(database: AsyncEngine) -> None:
    story = TaskStory()
    await apply_events(database, [story.watched(EVE), story.commented(ANN), story.commented(JOHN)])
    window = await window_of(database, EVE)
    await apply_events(database, [erased(ANN)])
    await assert_frames_tell_what_sync_tells(database, window)
    (row,) = window.rows.values()
    assert (row.message, window.seq) == ("John and 1 other commented on 'Fix login bug'", 2)
    await assert_nothing_left_of(database, ANN)


async def test_an_erased_person_leaves_no_choice_and_no_event(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_history, "EVENTS", 2)
    story = TaskStory()
    await apply_events(database, [registered(ANN), registered(EVE), story.watched(ANN), story.watched(EVE)])
    await mute_task(database, ANN.id, story.task.id)
    await prefer(database, ANN.id, task_assigned="daily")
    await prefer(database, EVE.id, invoice_paid="hourly", status_changed="hourly")
    await apply_events(database, [story.commented(JOHN), story.assigned(JOHN, ANN), story.assigned(ANN, JOHN)])
    await apply_events(database, [story.moved(ANN), requested([EVE.id], message="Ann paid invoice 7", actor=ANN)])
    await apply_events(database, [erased(ANN)])
    await assert_nothing_left_of(database, ANN)
    members = await all_of(database, notification_members)
    assert sorted((row["type"], row["message"]) for row in members) == [
        ("invoice_paid", "a former member paid invoice 7"),
        ("status_changed", None),
    ]
    assert len(await all_of(database, task_events)) == 4


async def test_a_late_event_brings_an_erased_person_not_back(database: AsyncEngine) -> None:
    story = TaskStory()
    late: list[AnyEvent] = [
        story.created(ANN),
        story.assigned(JOHN, ANN),
        story.watched(EVE),
        story.commented(ANN),
        requested([ANN.id, EVE.id], message="Ann paid invoice 7", actor=ANN),
    ]
    await apply_events(database, [registered(EVE), erased(ANN)])
    await apply_events(database, [registered(ANN), *late])
    messages = {row.message for row in (await window_of(database, EVE)).rows.values()}
    assert messages == {"A former member commented on 'Fix login bug'", "a former member paid invoice 7"}
    await assert_nothing_left_of(database, ANN)


async def test_an_erasure_amid_other_events_leaves_no_name(database: AsyncEngine) -> None:
    stories = [TaskStory() for _ in range(8)]
    await apply_events(database, [story.watched(EVE) for story in stories])

    async def comment(story: TaskStory) -> None:
        for _ in range(10):
            await apply_events(database, [story.commented(ANN), story.commented(JOHN)])

    async with asyncio.TaskGroup() as group:
        for story in stories:
            group.create_task(comment(story))
        group.create_task(apply_events(database, [erased(ANN)]))
    assert [row.count for row in (await window_of(database, EVE)).rows.values()] == [20] * 8
    assert await check_inboxes(database) == []
    await assert_nothing_left_of(database, ANN)


async def test_many_people_are_rewritten_in_several_transactions(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite, "STEP", 3)
    story = TaskStory()
    crowd = [person(f"Person {number}") for number in range(10)]
    await apply_events(database, [story.watched(one) for one in crowd])
    await apply_events(database, [story.moved(JOHN)])
    await apply_events(database, [story.deleted(JOHN)])
    assert len(await delivered(database)) == 20
    for one in crowd:
        window = await window_of(database, one)
        assert [(row.link, row.seq) for row in window.rows.values()] == [(None, 2)]


async def rows_by_transaction(database: AsyncEngine, table: Table) -> list[int]:
    """Count the rows that each transaction has written last."""
    counted = select(func.count()).select_from(table).group_by(text("xmin::text"))
    async with database.connect() as connection:
        return list((await connection.execute(counted)).scalars())


@pytest.mark.parametrize("people", [1, 300])
async def test_many_rows_are_rewritten_so_many_in_a_transaction(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    monkeypatch.setattr(rewrite, "STEP", 100)
    monkeypatch.setattr(rewrite, "FOUND", 1_050)
    story, crowd = TaskStory(), [person(f"Person {number}") for number in range(people)]
    columns = {"task_id": story.task.id, "actor_id": ANN.id, "actor_name": "Ann"}
    for one in crowd:
        await add_rows(database, one.id, 3_000 // people, **columns)
    await hold(database, [waiting(crowd[0].id, **columns) for _ in range(300)])
    window = await window_of(database, crowd[-1])
    for event in (story.deleted(JOHN), erased(ANN)):
        await apply_events(database, [event])
        by_rows = await rows_by_transaction(database, notifications)
        by_members = await rows_by_transaction(database, notification_members)
        assert (sum(by_rows), sum(by_members)) == (3_000, 300)
        assert max(by_rows) <= 100
        assert max(by_members) <= 100
    for table in (notifications, notification_members):
        left = {(row["actor_id"], row["task_deleted"]) for row in await all_of(database, table)}
        assert left == {(None, True)}
    await assert_frames_tell_what_sync_tells(database, window)
    assert await check_inboxes(database) == []


async def test_a_person_with_more_rows_than_a_step_has_takes_a_number_in_each(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite, "STEP", 2)
    await add_rows(database, EVE.id, 5, actor_id=ANN.id)
    window = await window_of(database, EVE)
    await apply_events(database, [erased(ANN)])
    assert [frame.seq for frame in await delivered(database)] == [6, 7, 8]
    await assert_frames_tell_what_sync_tells(database, window)
    # The first two of the steps had two rows, the last had one, which was sent.
    assert (window.seq, window.unread_count) == (8, 5)
    assert Counter(row.seq for row in window.rows.values()) == {6: 2, 7: 2, 8: 1}


async def test_rows_are_marked_between_the_steps_and_an_interrupted_rewrite_goes_on(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite, "STEP", 1)
    story = TaskStory()
    first, last = sorted((EVE, BEN), key=lambda one: one.id)
    (row,) = await add_rows(database, first.id, 1, task_id=story.task.id)
    await add_rows(database, last.id, 1, task_id=story.task.id)
    windows = [await window_of(database, somebody) for somebody in (first, last)]
    deleted = story.deleted(JOHN)

    async def first_is_told() -> bool:
        return len(await delivered(database)) > 0

    async with asyncio.TaskGroup() as group, database.begin() as other:
        await other.execute(select(inboxes).where(inboxes.c.user_id == last.id).with_for_update())
        deletion = group.create_task(apply_events(database, [deleted]))
        await until(first_is_told, "the first step")
        assert await mark_read(database, first.id, [Seen(row)])
        assert not deletion.done()
        deletion.cancel()
    assert [row["task_deleted"] for row in await all_of(database, notifications)].count(True) == 1
    await apply_events(database, [deleted])
    for window in windows:
        await assert_frames_tell_what_sync_tells(database, window)
        assert [row.link for row in window.rows.values()] == [None]
    assert [(window.seq, window.unread_count) for window in windows] == [(3, 0), (2, 1)]


async def test_two_rewrites_at_once_give_each_row_one_number(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite, "STEP", 3)
    story, crowd = TaskStory(), [person(f"Person {number}") for number in range(20)]
    for one in crowd:
        await add_row(database, one.id, task_id=story.task.id)
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(apply_events(database, [story.deleted(JOHN)]))
    assert {row["last_seq"] for row in await all_of(database, inboxes)} == {2}
    assert len(await delivered(database)) == len(crowd)


async def test_a_person_erased_after_the_look_up_gets_no_inbox(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite, "STEP", 1)
    story = TaskStory()
    first, last = sorted((EVE, BEN), key=lambda one: one.id)
    for somebody in (first, last):
        await add_row(database, somebody.id, task_id=story.task.id)

    async with asyncio.TaskGroup() as group, database.begin() as other:
        await other.execute(select(inboxes).where(inboxes.c.user_id == first.id).with_for_update())
        waits = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        group.create_task(apply_events(database, [story.deleted(JOHN)]))

        async def deletion_waits() -> bool:
            async with database.connect() as connection:
                return bool(await connection.scalar(waits))

        await until(deletion_waits, "the deletion to wait for the first person")
        # As the erasure of the last one would, had it been first.
        await other.execute(delete(inboxes).where(inboxes.c.user_id == last.id))
    assert [row["user_id"] for row in await all_of(database, inboxes)] == [first.id]


async def assert_nothing_left_of(database: AsyncEngine, somebody: Person) -> None:
    events = task_events.c
    traces = (
        *(
            select(table.c.user_id).where(table.c.user_id == somebody.id)
            for table in (inboxes, watchers, preferences, muted_tasks, held_back_events)
        ),
        *(
            select(table.c.id).where(
                or_(
                    table.c.user_id == somebody.id,
                    table.c.actor_id == somebody.id,
                    table.c.actor_name == somebody.name,
                    table.c.message.contains(somebody.name),
                )
            )
            for table in (notifications, notification_members)
        ),
        select(events.event_id).where(or_(events.actor_id == somebody.id, events.assignee_id == somebody.id)),
    )
    async with database.connect() as connection:
        for trace in traces:
            assert (await connection.execute(trace)).all() == []
        erased_at = await connection.scalar(select(users.c.erased_at).where(users.c.id == somebody.id))
    assert erased_at is not None
