"""Create a task."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from contracts.events.task import TaskAssigned, TaskAssignedData, TaskCreated, TaskCreatedData, TaskStatus, WatchReason
from task_service.commands.errors import UnknownAssigneeError
from task_service.commands.locking import actor_among, load_people
from task_service.commands.task_events import person, reference, task_event
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.watching import let_watch
from task_service.models import Task, TaskWithPeople, Watcher


@dataclass(frozen=True, slots=True)
class NewTask:
    title: str
    description: str
    status: TaskStatus
    assignee_id: UUID | None


async def create_task(unit_of_work: UnitOfWork, actor_id: UUID, new: NewTask) -> TaskWithPeople:
    """Create a task; with an assignee it is created first and then assigned, in two events.

    Raises:
        UnknownAssigneeError: there is no such person.
        SessionOverError: the actor is gone.
    """
    async with unit_of_work.begin() as work:
        people = await load_people(work.session, (actor_id, new.assignee_id))
        actor = actor_among(people, actor_id)
        assignee = people.get(new.assignee_id) if new.assignee_id else None
        if new.assignee_id and (not assignee or assignee.erased_at is not None):
            raise UnknownAssigneeError
        now = datetime.now(UTC)
        task = Task(
            id=uuid7(),
            title=new.title,
            description=new.description,
            status=new.status,
            assignee_id=new.assignee_id,
            creator_id=actor_id,
            version=1,
            event_sequence=0,
            created_at=now,
            updated_at=now,
        )
        watchers: dict[UUID, Watcher] = {}
        created = task_event(
            TaskCreated,
            task,
            TaskCreatedData(
                actor=person(actor),
                task=reference(task),
                description=task.description,
                status=new.status,
                watchers_added=let_watch(watchers, task, actor, WatchReason.CREATED),
            ),
        )
        events = [created]
        if assignee:
            events.append(
                task_event(
                    TaskAssigned,
                    task,
                    TaskAssignedData(
                        actor=person(actor),
                        task=reference(task),
                        assignee=person(assignee),
                        watchers_added=let_watch(watchers, task, assignee, WatchReason.ASSIGNED),
                    ),
                )
            )
        work.session.add(task)
        await work.session.flush()
        work.session.add_all(watchers.values())
        await work.record(*events)
    return TaskWithPeople(task, actor, assignee)
