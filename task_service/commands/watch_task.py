"""Watch a task, and stop watching it."""

from uuid import UUID

from contracts.events.task import TaskUnwatched, TaskUnwatchedData, TaskWatched, TaskWatchedData, WatchReason
from task_service.commands.locking import actor_among, load_people, lock_task
from task_service.commands.task_events import person, reference, task_event
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.watching import watch
from task_service.models import Watcher


async def watch_task(unit_of_work: UnitOfWork, actor_id: UUID, task_id: UUID) -> None:
    """Watch a task by one's own wish; once more changes nothing.

    Raises:
        UnknownTaskError: there is no such task.
        SessionOverError: the actor is gone.
    """
    async with unit_of_work.begin() as work:
        task = await lock_task(work.session, task_id)
        actor = actor_among(await load_people(work.session, (actor_id,)), actor_id)
        added = await watch(work.session, task, actor, WatchReason.MANUAL)
        if added:
            data = TaskWatchedData(actor=person(actor), task=reference(task), watchers_added=added)
            await work.record(task_event(TaskWatched, task, data))


async def unwatch_task(unit_of_work: UnitOfWork, actor_id: UUID, task_id: UUID) -> None:
    """Stop watching; whoever does not watch changes nothing.

    Raises:
        UnknownTaskError: there is no such task.
        SessionOverError: the actor is gone.
    """
    async with unit_of_work.begin() as work:
        task = await lock_task(work.session, task_id)
        actor = actor_among(await load_people(work.session, (actor_id,)), actor_id)
        watcher = await work.session.get(Watcher, (task_id, actor_id))
        if watcher is not None and not watcher.stopped:
            watcher.stopped = True
            data = TaskUnwatchedData(actor=person(actor), task=reference(task), watcher=person(actor))
            await work.record(task_event(TaskUnwatched, task, data))
