import random
from collections.abc import Awaitable, Callable
from datetime import time, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from contracts.events.task import Person, TaskStatus
from notification_worker.commands.apply_events import apply_events
from notification_worker.commands.muting import mute_task, unmute_task
from notification_worker.models import (
    held_back_events,
    kinds,
    notification_members,
    notifications,
    preferences,
    processed_events,
    task_events,
)
from tests.integration.notification_worker.books import all_of, assert_books_hold, books_of
from tests.integration.notification_worker.waiting import NOON, Watch, outcomes_of, prefer
from tests.integration.notification_worker.window import Window, delivered
from tests.support.notification_events import TaskStory, erased, person, registered, requested
from tests.support.patience import patient_engine

ANN, BEN, EVE, JOHN = person("Ann"), person("Ben"), person("Eve"), person("John")


async def watched_by(database: AsyncEngine, *people: Person) -> TaskStory:
    story = TaskStory()
    await apply_events(database, [story.watched(one) for one in people])
    return story


async def told(database: AsyncEngine, somebody: Person) -> list[str]:
    rows = await all_of(database, notifications)
    return sorted(row["type"] for row in rows if row["user_id"] == somebody.id)


async def test_of_a_muted_task_only_being_assigned_is_told(database: AsyncEngine) -> None:
    story, other = await watched_by(database, JOHN, EVE), await watched_by(database, JOHN)
    await mute_task(database, JOHN.id, story.task.id)
    commented, moved = story.commented(ANN), story.moved(ANN)
    await apply_events(database, [commented, moved, story.assigned(ANN, JOHN), other.commented(ANN)])
    assert await told(database, JOHN) == ["comment_added", "task_assigned"]
    assert await told(database, EVE) == ["comment_added", "status_changed"]
    assert await outcomes_of(database, JOHN.id) == {commented.id: "muted", moved.id: "muted"}
    await unmute_task(database, JOHN.id, story.task.id)
    await apply_events(database, [story.moved(ANN)])
    assert await told(database, JOHN) == ["comment_added", "status_changed", "task_assigned"]
    await assert_books_hold(database)


async def test_a_type_that_is_off_is_not_told(database: AsyncEngine) -> None:
    story = await watched_by(database, JOHN)
    await prefer(database, JOHN.id, comment_added="off", invoice_paid="off")
    commented = story.commented(ANN)
    await apply_events(database, [registered(JOHN), commented, story.moved(ANN), requested([JOHN.id])])
    assert await told(database, JOHN) == ["status_changed"]
    # Requests have no history: what is kept answers for tasks only.
    assert await outcomes_of(database, JOHN.id) == {commented.id: "preference"}
    await assert_books_hold(database)


async def test_a_type_with_a_digest_waits_without_a_number(database: AsyncEngine) -> None:
    clock = Watch(NOON + timedelta(minutes=10))
    story = await watched_by(database, JOHN)
    async with database.begin() as connection:
        frequencies = {"comment_added": "hourly", "invoice_paid": "daily"}
        await connection.execute(
            insert(preferences).values(
                user_id=JOHN.id, timezone="Europe/Berlin", daily_at=time(9, 0), frequencies=frequencies
            )
        )
    first, second, asked = story.commented(ANN), story.commented(ANN), requested([JOHN.id], actor=ANN)
    await apply_events(database, [registered(JOHN), first, second, asked], clock=clock)
    window = Window(JOHN.id)
    await window.sync(database)
    assert (window.rows, window.seq, window.unread_count) == ({}, 0, 0)
    assert await delivered(database) == []
    waiting = {row["event_id"]: row for row in await all_of(database, notification_members)}
    hourly, daily = NOON + timedelta(hours=1), NOON + timedelta(hours=19)
    assert {
        event_id: (row["type"], row["frequency"], row["due_at"], row["notification_id"], row["actor_name"])
        for event_id, row in waiting.items()
    } == {
        first.id: ("comment_added", "hourly", hourly, None, "Ann"),
        second.id: ("comment_added", "hourly", hourly, None, "Ann"),
        asked.id: ("invoice_paid", "daily", daily, None, "Ann"),
    }
    assert waiting[first.id]["event_time"] == first.time
    assert waiting[first.id]["created_at"] == clock.now
    await assert_books_hold(database)


async def test_what_waits_joins_no_open_row(database: AsyncEngine) -> None:
    story = await watched_by(database, JOHN)
    await apply_events(database, [story.commented(ANN)])
    await prefer(database, JOHN.id, comment_added="daily")
    await apply_events(database, [story.commented(ANN)])
    (row,) = await all_of(database, notifications)
    (member,) = await all_of(database, notification_members)
    assert (row["count"], member["notification_id"]) == (1, None)


async def test_own_actions_leave_no_trace_of_a_rule(database: AsyncEngine) -> None:
    story = await watched_by(database, JOHN)
    await mute_task(database, JOHN.id, story.task.id)
    await prefer(database, JOHN.id, comment_added="off")
    await apply_events(database, [story.commented(JOHN), story.moved(JOHN)])
    assert await all_of(database, held_back_events) == []


async def test_every_event_that_can_tell_is_kept_even_if_it_tells_nobody(database: AsyncEngine) -> None:
    story = TaskStory()
    created, watched = story.created(ANN), story.watched(JOHN)
    kept: list[AnyEvent] = [story.assigned(ANN, ANN), story.moved(ANN), story.commented(JOHN)]
    await apply_events(database, [created, watched, *kept, story.unwatched(ANN), requested([ANN.id])])
    rows = sorted(await all_of(database, task_events), key=lambda row: row["sequence"])
    assert [
        (row["event_source"], row["event_id"], row["task_id"], row["type"], row["event_time"], row["actor_id"])
        for row in rows
    ] == [(event.source, event.id, story.task.id, event.type, event.time, event.data.actor.id) for event in kept]
    assert [(row["sequence"], row["assignee_id"]) for row in rows] == [(3, ANN.id), (4, None), (5, None)]


async def test_a_late_event_of_an_erased_person_is_kept_without_them(database: AsyncEngine) -> None:
    story = TaskStory()
    late: list[AnyEvent] = [story.assigned(ANN, BEN), story.assigned(BEN, ANN)]
    await apply_events(database, [erased(ANN), *late])
    rows = sorted(await all_of(database, task_events), key=lambda row: row["sequence"])
    assert [(row["actor_id"], row["assignee_id"]) for row in rows] == [(None, BEN.id), (BEN.id, None)]


async def test_each_kind_is_noted_when_it_comes_first(database: AsyncEngine) -> None:
    clock = Watch()
    await apply_events(database, [registered(JOHN), requested([JOHN.id]), requested([JOHN.id])], clock=clock)
    clock.now += timedelta(hours=1)
    again: list[AnyEvent] = [
        requested([JOHN.id], source="/shop"),
        requested([BEN.id], source="/shop", kind="backup_failed"),
    ]
    await apply_events(database, again, clock=clock)
    noted = {row["kind"]: (row["source"], row["first_seen_at"]) for row in await all_of(database, kinds)}
    assert noted == {"invoice_paid": ("/billing", NOON), "backup_failed": ("/shop", clock.now)}


async def test_an_event_that_comes_again_is_judged_as_it_was(database: AsyncEngine) -> None:
    story = await watched_by(database, BEN, EVE, JOHN)
    await mute_task(database, JOHN.id, story.task.id)
    await prefer(database, EVE.id, comment_added="daily")
    events: list[AnyEvent] = [story.commented(ANN), story.moved(ANN)]
    await apply_events(database, events)
    await unmute_task(database, JOHN.id, story.task.id)
    await prefer(database, EVE.id, comment_added="off")
    await mute_task(database, BEN.id, story.task.id)
    before, frames = await books_of(database), await delivered(database)
    async with database.begin() as connection:
        await connection.execute(processed_events.delete())
    await apply_events(database, events)
    assert await books_of(database) == before
    assert await delivered(database) == frames
    await assert_books_hold(database)


@pytest.mark.parametrize("seed", range(4))
async def test_a_batch_leaves_what_its_events_would_leave_one_by_one(
    make_database: Callable[[str], Awaitable[str]], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 (no secret)
    people = [ANN, BEN, EVE, JOHN]
    stories = [TaskStory(f"Task {number}") for number in range(2)]
    begun: list[AnyEvent] = [registered(one) for one in people]
    begun += [story.watched(one) for story in stories for one in people]
    events = [_anything(chance, chance.choice(stories), people) for _ in range(60)]
    books: list[Any] = []
    for size in (1, 7, 60):
        engine = patient_engine(await make_database("notification_worker"))
        await apply_events(engine, begun, clock=Watch())
        await mute_task(engine, EVE.id, stories[0].task.id)
        await prefer(engine, JOHN.id, status_changed="hourly", task_assigned="off")
        await prefer(engine, BEN.id, comment_added="daily", invoice_paid="off")
        for first in range(0, len(events), size):
            await apply_events(engine, events[first : first + size], clock=Watch())
        await assert_books_hold(engine)
        frames = [(frame.user_id, frame.seq) for frame in await delivered(engine)]
        books.append((await books_of(engine), sorted(frames)))
        await engine.dispose()
    assert books[0] == books[1] == books[2]


def _anything(chance: random.Random, story: TaskStory, people: list[Person]) -> AnyEvent:
    who = chance.choice(people)
    match chance.randrange(9):
        case 0 | 1 | 2:
            return story.commented(who)
        case 3 | 4 | 5:
            return story.moved(who, chance.choice([one for one in TaskStatus if one is not story.status]))
        case 6:
            return story.assigned(who, chance.choice(people))
        case 7:
            return chance.choice((story.watched, story.unwatched))(who)
        case _:
            return requested([one.id for one in people], actor=who)
