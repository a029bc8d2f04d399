"""Delete a task with its comments and watchers."""

from uuid import UUID

from contracts.events.task import TaskDeleted, TaskDeletedData
from task_service.commands.access import may_delete
from task_service.commands.errors import NotYoursError
from task_service.commands.locking import Versions, actor_among, load_people, lock_task
from task_service.commands.task_events import person, reference, task_event
from task_service.commands.unit_of_work import UnitOfWork


async def delete_task(unit_of_work: UnitOfWork, actor_id: UUID, task_id: UUID, versions: Versions = None) -> None:
    """Delete a task; its last event follows all others in the order of the task.

    Raises:
        UnknownTaskError: there is no such task.
        VersionConflictError: the task is in none of the versions.
        NotYoursError: the actor neither created it nor is an administrator.
        SessionOverError: the actor is gone.
    """
    async with unit_of_work.begin() as work:
        task = await lock_task(work.session, task_id, versions)
        actor = actor_among(await load_people(work.session, (actor_id,)), actor_id)
        if not may_delete(actor_id, actor.role, task.creator_id):
            raise NotYoursError
        deleted = task_event(TaskDeleted, task, TaskDeletedData(actor=person(actor), task=reference(task)))
        await work.session.delete(task)
        await work.record(deleted)
