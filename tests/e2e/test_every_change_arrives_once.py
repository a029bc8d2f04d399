import asyncio
import random
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from tests.support.expected import Told, expected_notifications
from tests.support.people import Person, Window
from tests.support.system import System
from tests.support.tap import Tap

pytestmark = pytest.mark.e2e

WRITERS = 16
TASKS = 50
CHANGES = 500
STATUSES = ("todo", "in_progress", "in_review", "done")

Json = dict[str, Any]
Change = tuple[str, str, str]
"""What is done, to which task, and the new value."""


@pytest.mark.timeout(300)
async def test_500_changes_by_16_writers_reach_everybody_exactly_once_and_in_order(
    system: System, http: httpx.AsyncClient
) -> None:
    """Two relays of each kind and two workers run. Inboxes are held against the events, and the events against HTTP."""
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

        tasks = await write(people)

        events = await published(tap, people[0], tasks)
        expected = expected_notifications(events)
        for person, window in zip(people, windows, strict=True):
            await holds_exactly(expected, person, window)

    await system.check_counters()


async def write(people: list[Person]) -> set[str]:
    """Create the tasks, then let every writer make its share of the changes while the others make theirs."""
    choice = random.Random(20)  # noqa: S311 (the same changes every time)
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


async def holds_exactly(expected: Told, person: Person, window: Window) -> None:
    """Compare a person's open window, and then the inbox on the server, with what they must have been told."""
    own = {task: told for (whom, task), told in expected.items() if whom == person.id}
    total = sum(map(len, own.values()))

    await window.until(lambda seen: seen.latest_seq >= total, f"{total} notifications")

    pushed = [frame["payload"] for frame in window.frames if frame["type"] == "NOTIFICATION"]
    assert [notification["seq"] for notification in pushed] == list(range(1, total + 1))
    assert by_task(pushed) == own
    assert window.unread_count == total

    stored = sorted(await person.unread(), key=lambda notification: notification["seq"])
    assert [notification["seq"] for notification in stored] == list(range(1, total + 1))
    assert by_task(stored) == own
    assert (await person.sync())["unread_count"] == total


def by_task(notifications: list[Json]) -> dict[str, list[tuple[str, str, str]]]:
    """Sort notifications, which come in the order of `seq`, by their task."""
    sorted_out: dict[str, list[tuple[str, str, str]]] = {}
    for notification in notifications:
        told = (notification["type"], notification["message"], notification["link"])
        sorted_out.setdefault(notification["task_id"], []).append(told)
    return sorted_out
