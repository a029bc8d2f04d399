import asyncio
import random
from collections import defaultdict
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.support.expected import TAKEN_BACK_WITHIN, Inbox, Judge, Row
from tests.support.people import Person, Window
from tests.support.system import System
from tests.support.tap import Tap

pytestmark = pytest.mark.e2e

WRITERS = 16
ROUNDS = 5
TASKS = 10
CHANGES = 100
"""In each round, which must be over before a status that goes back is no passing mistake any more."""

STATUSES = ("todo", "in_progress", "in_review", "done")

TIMES = 10
"""How often each kind of change must come about for the test to be worth anything."""

Json = dict[str, Any]
Change = tuple[str, str, str]
"""What is done, to which task, and the new value."""
Log = dict[str | None, list[tuple[str, str]]]
"""By task: what happened to its rows, in order, and their text."""


async def test_500_changes_by_16_writers_reach_everybody_exactly_once_and_in_order(
    system: System, http: httpx.AsyncClient
) -> None:
    """Two relays of each kind and two workers run. Inboxes are held against the events, and the events against HTTP.

    Comments collapse, and a status that goes back takes back what was told: each of it where the judge says so.
    """
    async with AsyncExitStack() as stack:
        for package, command in (
            ("task_service", "relay"),
            ("notification_worker", "relay"),
            ("notification_worker", "worker"),
        ):
            await stack.enter_async_context(system.another(package, command))
        people = await asyncio.gather(
            *(Person.register(http, system.addresses, f"Writer {number}") for number in range(WRITERS))
        )
        windows = [await stack.enter_async_context(person.window()) for person in people]
        tap = await stack.enter_async_context(Tap.on_task_events(system.admin_broker_url))

        choice, judge = random.Random(20), Judge()  # noqa: S311 (the same changes every time)
        for _ in range(ROUNDS):
            began = asyncio.get_running_loop().time()
            tasks = await write(people, choice)
            apply_to(judge, await published(tap, people[0], tasks))
            for person, window in zip(people, windows, strict=True):
                await heard_exactly(judge.inboxes[person.id], person, window)
            took = asyncio.get_running_loop().time() - began
            assert took < TAKEN_BACK_WITHIN.total_seconds(), "too slow to judge which statuses went back in time"

        for person, window in zip(people, windows, strict=True):
            await holds_exactly(judge.inboxes[person.id], person, window)
        assert all(
            sum(change == kind for inbox in judge.inboxes.values() for change, *_ in inbox.log) > TIMES
            for kind in ("added", "updated", "removed")
        )

    await system.check_counters()


async def write(people: list[Person], choice: random.Random) -> set[str]:
    """Create the tasks, then let every writer make its share of the changes while the others make theirs."""
    creators = [people[number % WRITERS] for number in range(TASKS)]
    tasks = [(await creator.create_task(f"Task {number}"))["id"] for number, creator in enumerate(creators)]
    changes = [change_of(choice, tasks, people) for _ in range(CHANGES)]

    async def carry_out(writer: int) -> None:
        for what, task, value in changes[writer::WRITERS]:
            if what == "comment":
                await people[writer].comment(task, value)
            else:
                await people[writer].change_task(task, **{what: value})

    async with asyncio.TaskGroup() as group:
        for writer in range(WRITERS):
            group.create_task(carry_out(writer))
    return set(tasks)


def change_of(choice: random.Random, tasks: list[str], people: list[Person]) -> Change:
    what = choice.choice(("status", "status", "comment", "comment", "assignee_id"))
    value = {"status": choice.choice(STATUSES), "comment": "So be it.", "assignee_id": choice.choice(people).id}[what]
    return what, choice.choice(tasks), value


async def published(tap: Tap, person: Person, tasks: set[str]) -> list[Json]:
    """Wait for exactly as many events as HTTP says there were changes: one for each version and each comment."""
    comments = {task: await comments_of(person, task) for task in tasks}
    versions = {task: (await person.call("GET", f"/api/tasks/{task}")).json()["version"] for task in tasks}
    changes = sum(versions.values()) + sum(map(len, comments.values()))
    assert changes > CHANGES / 2

    await tap.until(lambda heard: len(heard.of_tasks(tasks)) >= changes, f"{changes} events")

    events = tap.of_tasks(tasks)
    assert len(events) == changes
    assert len({event["id"] for event in events}) == changes
    for task in tasks:
        announced = [
            event["data"]["comment"]["id"]
            for event in events
            if event["subject"] == task and "comment" in event["data"]
        ]
        assert sorted(announced) == sorted(comments[task])
    return events


async def comments_of(person: Person, task: str) -> list[str]:
    answer = (await person.call("GET", f"/api/tasks/{task}/comments", params={"limit": 100})).json()
    assert answer["next_cursor"] is None
    return [comment["id"] for comment in answer["items"]]


def apply_to(judge: Judge, events: list[Json]) -> None:
    """Let the judge work out every inbox; all is taken to happen at one moment.

    The events of each task go by its sequence, which must have no hole and no repetition.
    """
    moment = datetime.now(UTC)
    by_task: dict[str, list[Json]] = defaultdict(list)
    for event in events:
        by_task[event["subject"]].append(event)
    for task, own in by_task.items():
        assert [int(event["sequence"]) for event in own] == list(range(1, len(own) + 1)), f"events of task {task}"
        for event in own:
            judge.apply(event, moment)


async def heard_exactly(expected: Inbox, person: Person, window: Window) -> None:
    """Compare the frames of a person's open window with what must have happened to the inbox."""
    total = len(expected.log)
    await window.until(lambda seen: seen.latest_seq >= total, f"{total} changes")

    frames = [frame for frame in window.frames if frame["payload"].get("seq") is not None]
    assert [frame["payload"]["seq"] for frame in frames] == list(range(1, total + 1))
    wanted: Log = defaultdict(list)
    for change, task, message in expected.log:
        wanted[task].append((change, message))
    assert log_of(frames) == wanted, person.name


def log_of(frames: list[Json]) -> Log:
    log: Log = defaultdict(list)
    rows: dict[str, Json] = {}
    for frame in frames:
        payload = frame["payload"]
        if frame["type"] == "REMOVED":
            (removed,) = payload["ids"]
            gone = rows.pop(removed)
            log[gone["task_id"]].append(("removed", gone["message"]))
        else:
            assert (payload["change"] == "updated") is (payload["id"] in rows)
            rows[payload["id"]] = payload
            log[payload["task_id"]].append((payload["change"], payload["message"]))
    return log


async def holds_exactly(expected: Inbox, person: Person, window: Window) -> None:
    """Compare the inbox on the server, its members, and what the window shows, with what must be there in the end."""
    stored = await person.unread()
    assert sorted(map(as_told, stored), key=repr) == sorted(map(as_judged, expected.rows), key=repr)
    assert await person.history() == stored
    assert {item["id"]: as_told(item) for item in window.items.values()} == {
        item["id"]: as_told(item) for item in stored
    }
    assert window.unread_count == len(stored) == (await person.sync())["unread_count"]

    told = [member for item in stored for member in await members_of(person, item)]
    assert sorted(told) == sorted((row.task, *member) for row in expected.rows for member in members_judged(row))


def as_told(item: Json) -> tuple[object, ...]:
    return item["task_id"], item["type"], item["message"], item["link"], item["count"], tuple(item["reasons"])


def as_judged(row: Row) -> tuple[object, ...]:
    return row.task, row.type, row.message, row.link, len(row.entries), tuple(row.reasons)


async def members_of(person: Person, item: Json) -> list[tuple[str, int, str, str]]:
    """Give what a row stands for, the first first."""
    members = (await person.members(item["id"]))[::-1]
    assert len(members) == item["count"]
    return [(item["task_id"], place, member["message"], member["link"]) for place, member in enumerate(members)]


def members_judged(row: Row) -> list[tuple[int, str, str | None]]:
    return [(place, entry.message, entry.link) for place, entry in enumerate(row.entries)]
