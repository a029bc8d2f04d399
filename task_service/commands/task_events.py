"""How the events of a task are made: each moves the task's sequence on, and names people as they are called now."""

from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from contracts.envelope import Event, sequence_text
from contracts.events import type_of
from contracts.events.task import Person, TaskEventData, TaskReference
from contracts.topology import TASK_SERVICE, task_routing_key
from infra.outbox.message import OutboxMessage, event_message
from task_service.models import Task, User

SOURCE = f"/{TASK_SERVICE}"

Data = TypeVar("Data", bound=TaskEventData)

People = dict[UUID, User]


def person(user: User) -> Person:
    """Name somebody in an event."""
    return Person(id=user.id, name=user.name)


def reference(task: Task) -> TaskReference:
    """Name a task in an event, with the title that it has now."""
    return TaskReference(id=task.id, title=task.title)


def task_event(event: type[Event[Data]], task: Task, data: Data) -> OutboxMessage:
    """Make the next event of a task whose row is locked (or not yet visible to anybody else)."""
    task.event_sequence += 1
    return event_message(
        event(
            id=str(uuid7()),
            type=type_of(event),
            source=SOURCE,
            subject=str(task.id),
            time=datetime.now(UTC),
            partitionkey=str(task.id),
            sequence=sequence_text(task.event_sequence),
            data=data,
        ),
        task_routing_key(event.routing_key, task.id),
    )
