"""The events of a task. Each carries what a notification needs, so that a consumer never asks back."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.envelope import Event
from contracts.model import ContractModel

TITLE_LENGTH = 200
TEXT_LENGTH = 10_000
NAME_LENGTH = 200
"""Longer than any name that Taskify itself takes: other services name people too."""


class TaskStatus(StrEnum):
    TODO = "todo"
    IN_PROGRESS = "in_progress"
    IN_REVIEW = "in_review"
    DONE = "done"


class WatchReason(StrEnum):
    """Why somebody watches a task; the strongest comes first."""

    ASSIGNED = "assigned"
    CREATED = "created"
    COMMENTED = "commented"
    MANUAL = "manual"


class Person(ContractModel):
    id: UUID
    name: Annotated[str, Field(max_length=NAME_LENGTH)]


class TaskReference(ContractModel):
    id: UUID
    title: Annotated[str, Field(max_length=TITLE_LENGTH)]


class WatcherAdded(ContractModel):
    person: Person
    reason: WatchReason


class TaskEventData(ContractModel):
    """What all events of a task say: who did it, to which task, and who watches it from now on because of it."""

    actor: Person
    task: TaskReference
    watchers_added: tuple[WatcherAdded, ...] = ()


class TaskCreatedData(TaskEventData):
    description: Annotated[str, Field(max_length=TEXT_LENGTH)]
    status: TaskStatus


class TaskCreated(Event[TaskCreatedData]):
    """A task was created. An assignee at creation follows as an event of its own, `TaskAssigned`."""

    routing_key = "task.created"
    type: Literal["taskify.task.created.v1"] = "taskify.task.created.v1"


class TextChange(ContractModel):
    old: str
    new: str


class TaskChangedData(TaskEventData):
    title: TextChange | None = None
    description: TextChange | None = None


class TaskChanged(Event[TaskChangedData]):
    """The title, the description or both were changed; what did not change is absent."""

    routing_key = "task.changed"
    type: Literal["taskify.task.changed.v1"] = "taskify.task.changed.v1"


class TaskAssignedData(TaskEventData):
    assignee: Person
    previous_assignee: Person | None = None


class TaskAssigned(Event[TaskAssignedData]):
    routing_key = "task.assigned"
    type: Literal["taskify.task.assigned.v1"] = "taskify.task.assigned.v1"


class TaskUnassignedData(TaskEventData):
    previous_assignee: Person


class TaskUnassigned(Event[TaskUnassignedData]):
    """Nobody is assigned any more; an assignment that replaces another is only a `TaskAssigned`."""

    routing_key = "task.unassigned"
    type: Literal["taskify.task.unassigned.v1"] = "taskify.task.unassigned.v1"


class TaskStatusChangedData(TaskEventData):
    old_status: TaskStatus
    new_status: TaskStatus


class TaskStatusChanged(Event[TaskStatusChangedData]):
    routing_key = "task.status_changed"
    type: Literal["taskify.task.status_changed.v1"] = "taskify.task.status_changed.v1"


class Comment(ContractModel):
    id: UUID
    body: Annotated[str, Field(max_length=TEXT_LENGTH)]


class TaskCommentAddedData(TaskEventData):
    comment: Comment


class TaskCommentAdded(Event[TaskCommentAddedData]):
    routing_key = "task.comment_added"
    type: Literal["taskify.task.comment_added.v1"] = "taskify.task.comment_added.v1"


class TaskCommentDeletedData(TaskEventData):
    comment_id: UUID


class TaskCommentDeleted(Event[TaskCommentDeletedData]):
    routing_key = "task.comment_deleted"
    type: Literal["taskify.task.comment_deleted.v1"] = "taskify.task.comment_deleted.v1"


class TaskWatchedData(TaskEventData):
    """Who watches from now on stands in `watchers_added`."""


class TaskWatched(Event[TaskWatchedData]):
    routing_key = "task.watched"
    type: Literal["taskify.task.watched.v1"] = "taskify.task.watched.v1"


class TaskUnwatchedData(TaskEventData):
    watcher: Person


class TaskUnwatched(Event[TaskUnwatchedData]):
    routing_key = "task.unwatched"
    type: Literal["taskify.task.unwatched.v1"] = "taskify.task.unwatched.v1"


class TaskDeletedData(TaskEventData):
    """The task is gone; its notifications stay, without a link."""


class TaskDeleted(Event[TaskDeletedData]):
    routing_key = "task.deleted"
    type: Literal["taskify.task.deleted.v1"] = "taskify.task.deleted.v1"
