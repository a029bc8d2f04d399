import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from contracts.events import AnyEvent, InvalidEventDataError
from contracts.events.task import TaskStatus
from infra.clock import system_clock
from notification_worker.commands import apply_batch
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.apply_large import apply_chunk
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.commands.mark import Seen, mark_read
from notification_worker.commands.surroundings import FIRST
from notification_worker.models import notifications, processed_events, watchers
from tests.integration.notification_worker.window import Window, assert_frames_tell_what_sync_tells, delivered
from tests.support.notification_events import TaskStory, person, registered, requested

ANN, JOHN, EVE = person("Ann"), person("John"), person("Eve")


async def messages_of(database: AsyncEngine, window: Window) -> list[str]:
    await window.sync(database)
    return [row.message for row in sorted(window.rows.values(), key=lambda row: row.seq)]


async def test_each_person_is_told_what_concerns_them_in_order(database: AsyncEngine) -> None:
    story = TaskStory()
    events: list[AnyEvent] = [
        story.created(ANN),
        story.assigned(JOHN, EVE),
        story.moved(EVE, TaskStatus.IN_REVIEW),
        story.commented(JOHN),
        story.moved(JOHN, TaskStatus.DONE),
    ]
    await apply_events(database, events)
    assert await messages_of(database, Window(EVE.id)) == [
        "John assigned you 'Fix login bug'",
        "John commented on 'Fix login bug'",
        "John moved 'Fix login bug' to Done",
    ]
    assert await messages_of(database, Window(ANN.id)) == [
        "Eve moved 'Fix login bug' to In review",
        "John commented on 'Fix login bug'",
        "John moved 'Fix login bug' to Done",
    ]
    assert await messages_of(database, Window(JOHN.id)) == []
    assert await check_inboxes(database) == []


async def test_each_frame_says_when_the_change_was_made_that_it_tells_of(database: AsyncEngine) -> None:
    story = TaskStory()
    assigned, moved, commented = (
        story.assigned(JOHN, EVE),
        story.moved(EVE, TaskStatus.IN_REVIEW),
        story.commented(JOHN),
    )
    commented_again = story.commented(JOHN)
    await apply_events(database, [story.created(ANN), assigned, moved, commented, commented_again])
    window = Window(EVE.id)
    await window.sync(database)
    await mark_read(database, EVE.id, [Seen(row) for row in window.rows])

    frames = await delivered(database)
    assert [frame.changed_at for frame in frames if frame.user_id == EVE.id] == [
        pytest.approx(event.time.timestamp(), abs=0.001) for event in (assigned, commented, commented_again)
    ] + [None]
    assert [frame.changed_at for frame in frames if frame.user_id == ANN.id] == [
        pytest.approx(event.time.timestamp(), abs=0.001) for event in (moved, commented, commented_again)
    ]
    assert len({event.time for event in (assigned, moved, commented, commented_again)}) == 4


async def test_an_event_that_comes_again_changes_nothing(database: AsyncEngine) -> None:
    story = TaskStory()
    events: list[AnyEvent] = [story.created(ANN), story.assigned(JOHN, EVE), story.commented(JOHN)]
    await apply_events(database, events)
    before = await delivered(database)
    await apply_events(database, events)
    await apply_events(database, [events[1], events[1]])
    assert await delivered(database) == before
    window = Window(EVE.id)
    await window.sync(database)
    assert (window.seq, window.unread_count) == (2, 2)


async def test_an_event_that_is_repeated_within_a_batch_is_applied_once(database: AsyncEngine) -> None:
    story = TaskStory()
    assigned = story.assigned(JOHN, EVE)
    await apply_events(database, [assigned, assigned])
    window = Window(EVE.id)
    await window.sync(database)
    assert (window.seq, window.unread_count) == (1, 1)


async def test_a_forgotten_event_that_comes_again_is_stopped_by_the_second_fence(database: AsyncEngine) -> None:
    story = TaskStory()
    events: list[AnyEvent] = [story.assigned(JOHN, EVE), story.moved(JOHN)]
    await apply_events(database, events)
    async with database.begin() as connection:
        await connection.execute(processed_events.delete())
    await apply_events(database, events)
    window = Window(EVE.id)
    await window.sync(database)
    assert (window.seq, window.unread_count) == (2, 2)
    assert await check_inboxes(database) == []


async def test_an_event_that_two_workers_apply_at_once_is_applied_once(database: AsyncEngine) -> None:
    story = TaskStory()
    await apply_events(database, [story.created(ANN)])
    for _ in range(10):
        events: list[AnyEvent] = [story.moved(JOHN), story.commented(JOHN)]
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(apply_events(database, events))
    window = Window(ANN.id)
    await window.sync(database)
    # Each move has a row of its own, while the comments are one.
    assert (window.seq, window.unread_count, len(window.rows)) == (20, 11, 11)
    assert await check_inboxes(database) == []


async def test_all_reasons_are_kept_the_strongest_first(database: AsyncEngine) -> None:
    story = TaskStory()
    await apply_events(database, [story.created(ANN), story.commented(ANN), story.watched(ANN)])
    await apply_events(database, [story.assigned(JOHN, ANN), story.moved(JOHN)])
    window = Window(ANN.id)
    await window.sync(database)
    assert [row.reasons for row in sorted(window.rows.values(), key=lambda row: row.seq)] == [
        ("assigned",),
        ("assigned", "created", "commented", "manual"),
    ]


async def test_who_stopped_watching_is_told_no_more_until_watching_again(database: AsyncEngine) -> None:
    story = TaskStory()
    await apply_events(database, [story.created(ANN), story.moved(JOHN)])
    await apply_events(database, [story.unwatched(ANN), story.moved(JOHN)])
    await apply_events(database, [story.watched(ANN), story.moved(JOHN)])
    window = Window(ANN.id)
    await window.sync(database)
    assert [row.reasons for row in sorted(window.rows.values(), key=lambda row: row.seq)] == [("created",), ("manual",)]


async def test_an_older_event_that_comes_late_undoes_nothing_newer(database: AsyncEngine) -> None:
    story = TaskStory()
    created, watched, unwatched = story.created(JOHN), story.watched(ANN), story.unwatched(ANN)
    await apply_events(database, [created, unwatched, watched, story.moved(JOHN)])
    window = Window(ANN.id)
    await window.sync(database)
    assert window.rows == {}


async def test_frames_tell_what_sync_tells(database: AsyncEngine) -> None:
    story, other = TaskStory(), TaskStory("Write the docs")
    await apply_events(database, [registered(EVE), story.created(ANN), story.assigned(JOHN, EVE)])
    windows = [Window(one.id) for one in (ANN, JOHN, EVE)]
    for window in windows:
        await window.sync(database)
    await apply_events(database, [story.moved(ANN), other.assigned(ANN, EVE), story.commented(JOHN)])
    await apply_events(database, [requested([EVE.id, ANN.id], actor=ANN), other.moved(JOHN), story.moved(EVE)])
    for window in windows:
        await assert_frames_tell_what_sync_tells(database, window)
    assert windows[2].applied == [2, 3, 4, 5, 6]


async def test_a_request_tells_the_known_and_reports_the_unknown_in_one_line(database: AsyncEngine) -> None:
    await apply_events(database, [registered(ANN), registered(EVE)])
    stranger = person("Nobody we know")
    with capture_logs() as lines:
        await apply_events(database, [requested([ANN.id, stranger.id, EVE.id], actor=EVE)])
    assert [line for line in lines if line["event"] == "recipients_unknown"] == [
        {
            "event": "recipients_unknown",
            "log_level": "warning",
            "event_id": lines[0]["event_id"],
            "count": 1,
            "user_ids": [str(stranger.id)],
        }
    ]
    window = Window(ANN.id)
    await window.sync(database)
    (row,) = window.rows.values()
    assert (row.type, row.message, row.link, row.reasons) == (
        "invoice_paid",
        "Invoice 7 was paid",
        "/invoices/7",
        ("requested",),
    )
    assert row.actor is not None
    assert (row.task_id, row.actor.name) == (None, "Eve")
    assert await messages_of(database, Window(EVE.id)) == []
    assert await messages_of(database, Window(stranger.id)) == []


async def test_somebody_not_yet_known_is_told_of_a_task_all_the_same(database: AsyncEngine) -> None:
    newcomer = person("New")
    await apply_events(database, [TaskStory().assigned(JOHN, newcomer)])
    assert await messages_of(database, Window(newcomer.id)) == ["John assigned you 'Fix login bug'"]


async def test_an_event_of_a_task_without_a_sequence_is_refused_and_changes_nothing(database: AsyncEngine) -> None:
    story = TaskStory()
    good, bad = story.assigned(JOHN, EVE), story.moved(JOHN).model_copy(update={"sequence": None})
    with pytest.raises(InvalidEventDataError):
        await apply_events(database, [good, bad])
    async with database.connect() as connection:
        for table in (notifications, processed_events, watchers):
            assert await connection.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.parametrize(
    ("happens", "at_most"),
    [
        (lambda story: [story.commented(JOHN)], 16),
        (lambda story: [story.moved(JOHN)], 15),
        (lambda story: [story.assigned(JOHN, EVE)], 15),
        (lambda story: [story.commented(JOHN), story.commented(EVE)], 18),
        (lambda story: [story.moved(JOHN, TaskStatus.DONE), story.moved(EVE, TaskStatus.TODO)], 19),
    ],
)
async def test_a_batch_takes_no_more_statements_than_an_event_alone(
    database: AsyncEngine, happens: Callable[[TaskStory], list[AnyEvent]], at_most: int
) -> None:
    counts = []
    for size in (1, 40):
        stories = [TaskStory() for _ in range(size)]
        await apply_events(database, [story.watched(one) for story in stories for one in (ANN, EVE)])
        batch = [one for story in stories for one in happens(story)]
        with counted(database) as statements:
            await apply_events(database, batch)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= at_most


@contextmanager
def counted(database: AsyncEngine) -> Iterator[list[str]]:
    """Collect the statements that are sent."""
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(database.sync_engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.sync_engine, "before_cursor_execute", note)


async def test_a_large_audience_is_told_in_chunks_and_exactly_once(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_batch, "LARGE_AUDIENCE", 7)
    story = TaskStory()
    crowd = [person(f"Person {number}") for number in range(30)]
    await apply_events(database, [story.created(JOHN), *(story.watched(one) for one in crowd)])
    moved, commented = story.moved(JOHN), story.commented(JOHN)
    await apply_events(database, [moved, commented])
    await apply_events(database, [moved, commented])
    for one in crowd:
        window = Window(one.id)
        await window.sync(database)
        assert [row.type for row in sorted(window.rows.values(), key=lambda row: row.seq)] == [
            "status_changed",
            "comment_added",
        ]
        assert (window.seq, window.unread_count) == (2, 2)
    assert await check_inboxes(database) == []


async def test_a_large_audience_that_was_left_half_told_is_finished_without_repetition(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_batch, "LARGE_AUDIENCE", 4)
    story = TaskStory()
    crowd = [person(f"Person {number}") for number in range(10)]
    await apply_events(database, [story.created(JOHN), *(story.watched(one) for one in crowd)])
    moved = story.moved(JOHN)
    halfway, _ = await apply_chunk(database, moved, FIRST, system_clock)
    assert halfway is not None
    await apply_events(database, [moved])
    frames = [frame for frame in await delivered(database) if frame.user_id in {one.id for one in crowd}]
    assert sorted(frame.user_id for frame in frames) == sorted(one.id for one in crowd)
    assert await check_inboxes(database) == []
