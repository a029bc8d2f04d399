"""Change a task's title, description, status or assignee."""

from datetime import UTC, datetime
from typing import TypedDict
from uuid import UUID

from contracts.events.task import (
    TaskAssigned,
    TaskAssignedData,
    TaskChanged,
    TaskChangedData,
    TaskStatus,
    TaskStatusChanged,
    TaskStatusChangedData,
    TaskUnassigned,
    TaskUnassignedData,
    TextChange,
    WatchReason,
)
from infra.outbox.message import OutboxMessage
from task_service.commands.errors import UnknownAssigneeError
from task_service.commands.locking import Versions, actor_among, load_people, lock_task
from task_service.commands.task_events import People, person, reference, task_event
from task_service.commands.unit_of_work import UnitOfWork, Work
from task_service.commands.watching import watch
from task_service.models import Task, TaskWithPeople, User


class TaskChanges(TypedDict, total=False):
    """What is to be changed; what is absent stays. No assignee is None."""

    title: str
    description: str
    status: TaskStatus
    assignee_id: UUID | None


async def change_task(
    unit_of_work: UnitOfWork, actor_id: UUID, task_id: UUID, changes: TaskChanges, versions: Versions = None
) -> TaskWithPeople:
    """Apply changes in one step; each kind of change writes one event, and what changes nothing writes none.

    Raises:
        UnknownTaskError: there is no such task.
        VersionConflictError: the task is in none of the versions.
        UnknownAssigneeError: there is no such person.
        SessionOverError: the actor is gone.
    """
    async with unit_of_work.begin() as work:
        task = await lock_task(work.session, task_id, versions)
        people = await load_people(
            work.session, (actor_id, task.creator_id, task.assignee_id, changes.get("assignee_id"))
        )
        actor = actor_among(people, actor_id)
        events = [
            *_change_texts(task, actor, changes),
            *_change_status(task, actor, changes),
            *await _change_assignee(work, task, actor, changes, people),
        ]
        if events:
            task.version += 1
            task.updated_at = datetime.now(UTC)
            await work.record(*events)
    return TaskWithPeople(task, people[task.creator_id], people[task.assignee_id] if task.assignee_id else None)


def _change_texts(task: Task, actor: User, changes: TaskChanges) -> list[OutboxMessage]:
    title = _text_change(task.title, changes.get("title", task.title))
    description = _text_change(task.description, changes.get("description", task.description))
    if title is None and description is None:
        return []
    task.title = title.new if title else task.title
    task.description = description.new if description else task.description
    data = TaskChangedData(actor=person(actor), task=reference(task), title=title, description=description)
    return [task_event(TaskChanged, task, data)]


def _text_change(old: str, new: str) -> TextChange | None:
    return None if new == old else TextChange(old=old, new=new)


def _change_status(task: Task, actor: User, changes: TaskChanges) -> list[OutboxMessage]:
    old, new = TaskStatus(task.status), changes.get("status", TaskStatus(task.status))
    if new == old:
        return []
    task.status = new
    data = TaskStatusChangedData(actor=person(actor), task=reference(task), old_status=old, new_status=new)
    return [task_event(TaskStatusChanged, task, data)]


async def _change_assignee(
    work: Work, task: Task, actor: User, changes: TaskChanges, people: People
) -> list[OutboxMessage]:
    """Assign, replace or unassign. Whoever is replaced goes on watching."""
    old, new = task.assignee_id, changes.get("assignee_id", task.assignee_id)
    if new == old:
        return []
    previous = person(people[old]) if old else None
    task.assignee_id = new
    if new is None:
        assert previous is not None  # noqa: S101 (no assignee before and none after is no change)
        unassigned = TaskUnassignedData(actor=person(actor), task=reference(task), previous_assignee=previous)
        return [task_event(TaskUnassigned, task, unassigned)]
    if new not in people or people[new].erased_at is not None:
        raise UnknownAssigneeError
    assigned = TaskAssignedData(
        actor=person(actor),
        task=reference(task),
        assignee=person(people[new]),
        previous_assignee=previous,
        watchers_added=await watch(work.session, task, people[new], WatchReason.ASSIGNED),
    )
    return [task_event(TaskAssigned, task, assigned)]
