import random
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events.task import Person, TaskStatus
from notification_worker.commands import apply_batch
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.apply_large import apply_chunk
from notification_worker.commands.mark import Seen, mark_read
from notification_worker.commands.muting import mute_task
from notification_worker.commands.surroundings import FIRST
from notification_worker.models import notification_members, processed_events, removed_notifications
from tests.integration.notification_worker.books import all_of, assert_books_hold, books_of
from tests.integration.notification_worker.waiting import Watch, outcomes_of, prefer
from tests.integration.notification_worker.window import Window, assert_frames_tell_what_sync_tells, delivered
from tests.support.notification_events import TaskStory, person

ANN, BEN, EVE, JOHN = person("Ann"), person("Ben"), person("Eve"), person("John")
TODO, PROGRESS, REVIEW, DONE = TaskStatus.TODO, TaskStatus.IN_PROGRESS, TaskStatus.IN_REVIEW, TaskStatus.DONE


@pytest.fixture
def clock() -> Watch:
    return Watch()


async def watched_by(database: AsyncEngine, *people: Person) -> TaskStory:
    story = TaskStory()
    await apply_events(database, [story.watched(one) for one in people])
    return story


async def window_of(database: AsyncEngine, somebody: Person) -> Window:
    window = Window(somebody.id)
    await window.sync(database)
    return window


async def shown(database: AsyncEngine, somebody: Person) -> list[str]:
    """The statuses that a person's rows tell of, the oldest first."""
    window = await window_of(database, somebody)
    return [row.message.rsplit(" to ")[-1] for row in sorted(window.rows.values(), key=lambda row: row.id)]


async def test_a_status_that_goes_there_and_back_leaves_no_row_and_a_removal(
    database: AsyncEngine, clock: Watch
) -> None:
    story = await watched_by(database, JOHN)
    window = await window_of(database, JOHN)
    there, back = story.moved(ANN, DONE), story.moved(ANN, TODO)
    await apply_events(database, [there], clock=clock)
    await window.receive(database)
    (row_id,) = window.rows
    clock.now += timedelta(seconds=59)
    await apply_events(database, [back], clock=clock)
    await assert_frames_tell_what_sync_tells(database, window)
    assert (window.rows, window.seq, window.unread_count) == ({}, 2, 0)
    (removal,) = await all_of(database, removed_notifications)
    assert (removal["user_id"], removal["seq"], removal["notification_id"]) == (JOHN.id, 2, row_id)
    assert await outcomes_of(database, JOHN.id) == {there.id: "withdrawn", back.id: "withdrawn"}
    await assert_books_hold(database)


async def test_a_window_that_was_away_learns_of_the_removal(database: AsyncEngine) -> None:
    story = await watched_by(database, JOHN)
    await apply_events(database, [story.moved(ANN, DONE)])
    window = await window_of(database, JOHN)
    assert len(window.rows) == 1
    await apply_events(database, [story.moved(ANN, TODO)])
    await window.sync(database, window.seq)
    assert (window.rows, window.seq) == ({}, 2)


async def test_what_is_a_minute_old_is_not_withdrawn(database: AsyncEngine, clock: Watch) -> None:
    story = await watched_by(database, JOHN)
    await apply_events(database, [story.moved(ANN, DONE)], clock=clock)
    clock.now += timedelta(seconds=60)
    await apply_events(database, [story.moved(ANN, TODO)], clock=clock)
    assert await shown(database, JOHN) == ["Done", "To do"]
    assert await outcomes_of(database, JOHN.id) == {}


async def test_what_was_read_is_not_withdrawn(database: AsyncEngine) -> None:
    story = await watched_by(database, JOHN, EVE)
    await apply_events(database, [story.moved(ANN, DONE)])
    (row_id,) = (await window_of(database, JOHN)).rows
    await mark_read(database, JOHN.id, [Seen(row_id)])
    await apply_events(database, [story.moved(ANN, TODO)])
    assert await shown(database, JOHN) == ["Done", "To do"]
    assert await shown(database, EVE) == []
    await assert_books_hold(database)


@pytest.mark.parametrize("in_one_batch", [False, True])
@pytest.mark.parametrize(
    ("way", "left", "seq"),
    [
        ([DONE, TODO], [], 2),
        ([PROGRESS, REVIEW, TODO], ["In progress", "In review", "To do"], 3),
        ([PROGRESS, REVIEW, PROGRESS], ["In progress"], 3),
        ([PROGRESS, REVIEW, PROGRESS, TODO], [], 4),
        ([DONE, TODO, DONE], ["Done"], 3),
        ([DONE, TODO, DONE, TODO], [], 4),
        ([PROGRESS, TODO, REVIEW, DONE, REVIEW, TODO], [], 6),
    ],
)
async def test_only_pairs_are_withdrawn(
    database: AsyncEngine, way: list[TaskStatus], left: list[str], seq: int, *, in_one_batch: bool
) -> None:
    story = await watched_by(database, JOHN)
    window = await window_of(database, JOHN)
    events = [story.moved(ANN, status) for status in way]
    for batch in [events] if in_one_batch else [[event] for event in events]:
        await apply_events(database, batch)
    await assert_frames_tell_what_sync_tells(database, window)
    assert await shown(database, JOHN) == left
    assert (window.seq, window.unread_count, window.applied) == (seq, len(left), list(range(1, seq + 1)))
    await assert_books_hold(database)


async def test_a_row_that_stays_below_in_the_database_is_withdrawn_by_the_second_pair_of_a_batch(
    database: AsyncEngine,
) -> None:
    story = await watched_by(database, JOHN)
    await apply_events(database, [story.moved(ANN, PROGRESS), story.moved(ANN, REVIEW)])
    await apply_events(database, [story.moved(ANN, PROGRESS), story.moved(ANN, TODO)])
    assert await shown(database, JOHN) == []
    assert len(await all_of(database, removed_notifications)) == 2
    await assert_books_hold(database)


async def test_a_change_that_changes_nothing_withdraws_nothing(database: AsyncEngine) -> None:
    story = await watched_by(database, JOHN)
    story.status = DONE
    await apply_events(database, [story.moved(ANN, DONE), story.moved(ANN, DONE)])
    assert await shown(database, JOHN) == ["Done", "Done"]


async def test_who_moves_it_back_loses_the_row_and_is_told_of_nothing(database: AsyncEngine) -> None:
    story = await watched_by(database, JOHN)
    there, back = story.moved(ANN, DONE), story.moved(JOHN, TODO)
    window = await window_of(database, JOHN)
    await apply_events(database, [there])
    await apply_events(database, [back])
    await assert_frames_tell_what_sync_tells(database, window)
    assert (window.rows, window.seq, window.unread_count) == ({}, 2, 0)
    # Their own action is seen from the event.
    assert await outcomes_of(database, JOHN.id) == {there.id: "withdrawn"}


async def test_who_moved_it_there_is_told_that_somebody_else_moved_it_back(database: AsyncEngine) -> None:
    story = await watched_by(database, ANN, JOHN)
    await apply_events(database, [story.moved(ANN, DONE), story.moved(JOHN, TODO)])
    assert (await shown(database, ANN), await shown(database, JOHN)) == (["To do"], [])


async def test_whoever_muted_chose_or_left_meanwhile_loses_the_row_too(database: AsyncEngine) -> None:
    people = [BEN, EVE, JOHN]
    story = await watched_by(database, *people)
    there = story.moved(ANN, DONE)
    await apply_events(database, [there])
    await mute_task(database, BEN.id, story.task.id)
    await prefer(database, EVE.id, status_changed="daily")
    await apply_events(database, [story.unwatched(JOHN)])
    back = story.moved(ANN, TODO)
    await apply_events(database, [back])
    for one in people:
        assert await shown(database, one) == []
        assert await outcomes_of(database, one.id) == {there.id: "withdrawn", back.id: "withdrawn"}
    assert await all_of(database, notification_members) == []
    await assert_books_hold(database)


@pytest.mark.parametrize("in_one_batch", [False, True])
async def test_what_still_waits_for_a_digest_is_withdrawn_without_a_number(
    database: AsyncEngine, *, in_one_batch: bool
) -> None:
    story = await watched_by(database, JOHN)
    await prefer(database, JOHN.id, status_changed="hourly")
    events = [story.moved(ANN, DONE), story.moved(ANN, TODO), story.moved(ANN, REVIEW)]
    for batch in [events] if in_one_batch else [[event] for event in events]:
        await apply_events(database, batch)
    (member,) = await all_of(database, notification_members)
    assert member["event_id"] == events[2].id
    window = await window_of(database, JOHN)
    assert (window.rows, window.seq) == ({}, 0)
    assert await delivered(database) == []
    assert await outcomes_of(database, JOHN.id) == {events[0].id: "withdrawn", events[1].id: "withdrawn"}
    await assert_books_hold(database)


@pytest.mark.parametrize("forget", [False, True])
async def test_changes_that_come_again_in_any_order_change_nothing(database: AsyncEngine, *, forget: bool) -> None:
    story = await watched_by(database, ANN, EVE, JOHN)
    await prefer(database, EVE.id, status_changed="hourly")
    way = [DONE, TODO, REVIEW, DONE, REVIEW, PROGRESS]
    events = [story.moved(random.choice((ANN, JOHN)), status) for status in way]  # noqa: S311 (no secret)
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


async def test_a_large_audience_that_was_left_half_withdrawn_is_finished_and_told_of_nothing(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_batch, "LARGE_AUDIENCE", 4)
    crowd = [person(f"Person {number}") for number in range(10)]
    story = await watched_by(database, *crowd)
    clock = Watch()
    await apply_events(database, [story.moved(ANN, DONE)], clock=clock)
    # One of the last moves it back, one of the first has left.
    first, *_, last = sorted(crowd, key=lambda one: one.id)
    await apply_events(database, [story.unwatched(first)])
    back = story.moved(last, TODO)
    after = FIRST
    for _ in range(2):
        up_to, _ = await apply_chunk(database, back, after, clock)
        assert up_to is not None
        after = up_to
    await apply_events(database, [back], clock=clock)
    for one in crowd:
        window = await window_of(database, one)
        assert (window.rows, window.seq, window.unread_count) == ({}, 2, 0)
    await assert_books_hold(database)
