"""Telling again who there is and who watches what."""

import asyncio
from collections import defaultdict
from uuid import UUID

import pytest

from contracts.events import AnyEvent
from contracts.events.user import UserRegistered
from notification_worker.audience.watching import TaskWatchers, watchers_after
from task_service.commands import republish as module
from task_service.commands.republish import republish
from task_service.models import outbox
from tests.integration.task_service.client import Api, Member
from tests.integration.task_service.test_watchers import comment, unwatch, watch

Watchers = dict[str, TaskWatchers]


async def test_who_has_lost_all_knows_the_same_watchers_again(
    api: Api, administrator: Member, ann: Member, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    tasks = [await ann.create_task(assignee_id=str(bob.id)), await bob.create_task(), await ann.create_task()]
    await comment(bob, tasks[0])
    await watch(administrator, tasks[1])
    await unwatch(bob, tasks[0])
    await watch(ann, tasks[1])
    await unwatch(ann, tasks[1])
    known = watching(await api.events())

    told = await republished(api)
    assert told == (3, 3)
    events = await api.events()
    again = events[-(told.people + told.tasks + len(["Bob", "Ann"])) :]

    assert {event.data.user.name for event in again if isinstance(event, UserRegistered)} == {"Root", "Ann", "Bob"}
    assert now(watching(again)) == now(known)
    # Whoever knew it all already does not change their mind.
    assert now(watching(events)) == now(known)


async def test_a_task_that_changes_meanwhile_is_told_in_the_order_of_its_sequence(
    api: Api, ann: Member, bob: Member
) -> None:
    task = await ann.create_task()

    async def change() -> None:
        for _ in range(10):
            await watch(bob, task)
            await unwatch(bob, task)

    async with asyncio.TaskGroup() as group:
        group.create_task(change())
        for _ in range(3):
            await republished(api)
    sequences = [str(event.sequence) for event in await api.events() if event.subject == str(task["id"])]
    assert sequences == sorted(sequences)
    assert len(set(sequences)) == len(sequences)


async def test_a_full_outbox_is_given_time(api: Api, administrator: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    assert administrator.name == "Root"
    monkeypatch.setattr(module, "BACKLOG", 0)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        telling = group.create_task(republished(api))
        while not telling.done():
            async with api.engine.begin() as relay:
                await relay.execute(outbox.delete())
            await asyncio.sleep(0.02)
    assert telling.result().people == 1


async def republished(api: Api) -> module.Republished:
    return await republish(api.app.state.services.unit_of_work)


def watching(events: list[AnyEvent]) -> Watchers:
    """Apply events as the notification worker does, to nothing."""
    found: Watchers = defaultdict(dict)
    for event in events:
        if event.sequence is not None:
            task = str(event.subject)
            found[task] = watchers_after(event, found[task], int(event.sequence))
    return found


def now(watchers: Watchers) -> dict[str, dict[UUID, frozenset[str]]]:
    return {
        task: {person: frozenset(each.reasons) for person, each in people.items() if each.now}
        for task, people in watchers.items()
    }
