"""Saying again who there is and who watches what, for consumers that have lost it."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from contracts.events.task import (
    TaskUnwatched,
    TaskUnwatchedData,
    TaskWatched,
    TaskWatchedData,
    WatcherAdded,
    WatchReason,
)
from infra.outbox.message import OutboxMessage
from task_service.commands.task_events import People, person, reference, task_event
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.user_events import user_erased, user_registered
from task_service.models import Task, User, Watcher, outbox

BATCH = 200
"""How many people or tasks a transaction tells of, so that no task is locked for long."""

BACKLOG = 1_000
"""With more rows than this in the outbox, no more are added: what people do meanwhile is told in time."""

_LOOK_AGAIN_SECONDS = 0.2


class Republished(NamedTuple):
    people: int
    tasks: int


async def republish(unit_of_work: UnitOfWork) -> Republished:
    """Tell of every person and of the watchers of every task once more, while everything runs.

    Each task's watchers are told under its lock, with its next sequence: whoever applies the event has what holds at
    that moment. Nobody is notified of it. It may be broken off and begun again.
    """
    people = tasks = 0
    after: UUID | None = None
    while (told := await _tell_of_people(unit_of_work, after))[0]:
        people, after = people + told[0], told[1]
        await _wait_for_room(unit_of_work)
    after = None
    while (told := await _tell_of_tasks(unit_of_work, after))[0]:
        tasks, after = tasks + told[0], told[1]
        await _wait_for_room(unit_of_work)
    return Republished(people, tasks)


async def _tell_of_people(unit_of_work: UnitOfWork, after: UUID | None) -> tuple[int, UUID | None]:
    async with unit_of_work.begin() as work:
        query = select(User).order_by(User.id).limit(BATCH).with_for_update(read=True)
        users = list(await work.session.scalars(query if after is None else query.where(User.id > after)))
        await work.record(*map(_of_person, users))
    return len(users), users[-1].id if users else after


def _of_person(user: User) -> OutboxMessage:
    """Say that there is somebody, or was."""
    return user_registered(user) if user.erased_at is None else user_erased(user.id)


async def _tell_of_tasks(unit_of_work: UnitOfWork, after: UUID | None) -> tuple[int, UUID | None]:
    async with unit_of_work.begin() as work:
        query = select(Task).order_by(Task.id).limit(BATCH).with_for_update()
        tasks = list(await work.session.scalars(query if after is None else query.where(Task.id > after)))
        ids = [task.id for task in tasks]
        found = select(Watcher).where(Watcher.task_id.in_(ids)).order_by(Watcher.task_id, Watcher.user_id)
        watchers: dict[UUID, list[Watcher]] = {task_id: [] for task_id in ids}
        for watcher in await work.session.scalars(found):
            watchers[watcher.task_id].append(watcher)
        involved = {watcher.user_id for each in watchers.values() for watcher in each}
        involved |= {task.creator_id for task in tasks}
        named = {user.id: user for user in await work.session.scalars(select(User).where(User.id.in_(involved)))}
        for task in tasks:
            await work.record(*_events(task, watchers[task.id], named))
    return len(tasks), tasks[-1].id if tasks else after


def _events(task: Task, watchers: Sequence[Watcher], people: People) -> list[OutboxMessage]:
    """Say who watches, and who does not any more; it is told in the name of who made the task."""
    actor = person(people[task.creator_id])
    added = tuple(
        WatcherAdded(person=person(people[watcher.user_id]), reason=WatchReason(reason))
        for watcher in watchers
        if not watcher.stopped
        for reason in watcher.reasons
    )
    watched = TaskWatchedData(actor=actor, task=reference(task), watchers_added=added)
    return [
        task_event(TaskWatched, task, watched),
        *(
            task_event(
                TaskUnwatched,
                task,
                TaskUnwatchedData(actor=actor, task=reference(task), watcher=person(people[watcher.user_id])),
            )
            for watcher in watchers
            if watcher.stopped
        ),
    ]


async def _wait_for_room(unit_of_work: UnitOfWork) -> None:
    while True:
        async with unit_of_work.begin() as work:
            if (await work.session.scalar(select(func.count()).select_from(outbox)) or 0) <= BACKLOG:
                return
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
