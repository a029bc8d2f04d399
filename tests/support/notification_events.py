"""Events as their producers send them, one function for each."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from contracts.envelope import sequence_text
from contracts.events.notification import NotificationRequested, NotificationRequestedData
from contracts.events.task import (
    Comment,
    Person,
    TaskAssigned,
    TaskAssignedData,
    TaskCommentAdded,
    TaskCommentAddedData,
    TaskCreated,
    TaskCreatedData,
    TaskDeleted,
    TaskDeletedData,
    TaskReference,
    TaskStatus,
    TaskStatusChanged,
    TaskStatusChangedData,
    TaskUnwatched,
    TaskUnwatchedData,
    TaskWatched,
    TaskWatchedData,
    WatcherAdded,
    WatchReason,
)
from contracts.events.user import UserData, UserErased, UserErasedData, UserRegistered

SOURCE = "/task-service"

_ROUND_THE_BOARD = {
    TaskStatus.TODO: TaskStatus.IN_REVIEW,
    TaskStatus.IN_REVIEW: TaskStatus.DONE,
    TaskStatus.DONE: TaskStatus.IN_PROGRESS,
    TaskStatus.IN_PROGRESS: TaskStatus.TODO,
}
"""Where a task goes next if nobody says; no step takes back the one before."""


def person(name: str) -> Person:
    return Person(id=uuid7(), name=name)


class TaskStory:
    """The events of one task, each with the next sequence, as the task service would write them."""

    def __init__(self, title: str = "Fix login bug") -> None:
        self.task = TaskReference(id=uuid7(), title=title)
        self.sequence = 0
        self.status = TaskStatus.TODO

    def created(self, actor: Person) -> TaskCreated:
        data = TaskCreatedData(
            actor=actor,
            task=self.task,
            watchers_added=(WatcherAdded(person=actor, reason=WatchReason.CREATED),),
            description="",
            status=TaskStatus.TODO,
        )
        return TaskCreated(**self._attributes(), data=data)

    def assigned(self, actor: Person, assignee: Person) -> TaskAssigned:
        watcher = WatcherAdded(person=assignee, reason=WatchReason.ASSIGNED)
        data = TaskAssignedData(actor=actor, task=self.task, watchers_added=(watcher,), assignee=assignee)
        return TaskAssigned(**self._attributes(), data=data)

    def moved(self, actor: Person, status: TaskStatus | None = None) -> TaskStatusChanged:
        """Move the task, to review first; from then on wherever the last move has not come from."""
        old, self.status = self.status, status or _ROUND_THE_BOARD[self.status]
        data = TaskStatusChangedData(actor=actor, task=self.task, old_status=old, new_status=self.status)
        return TaskStatusChanged(**self._attributes(), data=data)

    def commented(self, actor: Person, text: str = "Looks good") -> TaskCommentAdded:
        watcher = WatcherAdded(person=actor, reason=WatchReason.COMMENTED)
        data = TaskCommentAddedData(
            actor=actor, task=self.task, watchers_added=(watcher,), comment=Comment(id=uuid7(), body=text)
        )
        return TaskCommentAdded(**self._attributes(), data=data)

    def watched(self, actor: Person) -> TaskWatched:
        watcher = WatcherAdded(person=actor, reason=WatchReason.MANUAL)
        return TaskWatched(
            **self._attributes(), data=TaskWatchedData(actor=actor, task=self.task, watchers_added=(watcher,))
        )

    def unwatched(self, actor: Person) -> TaskUnwatched:
        data = TaskUnwatchedData(actor=actor, task=self.task, watcher=actor)
        return TaskUnwatched(**self._attributes(), data=data)

    def deleted(self, actor: Person) -> TaskDeleted:
        return TaskDeleted(**self._attributes(), data=TaskDeletedData(actor=actor, task=self.task))

    def _attributes(self) -> dict[str, object]:
        self.sequence += 1
        task_id = str(self.task.id)
        return {
            **attributes(SOURCE, task_id),
            "partitionkey": task_id,
            "sequence": sequence_text(self.sequence),
        }


def attributes(source: str, subject: str) -> dict[str, object]:
    return {"id": str(uuid7()), "source": source, "subject": subject, "time": datetime.now(UTC)}


def registered(user: Person) -> UserRegistered:
    return UserRegistered(**attributes(SOURCE, str(user.id)), data=UserData(user=user))


def erased(user: Person) -> UserErased:
    return UserErased(**attributes(SOURCE, str(user.id)), data=UserErasedData(user_id=user.id))


def requested(
    recipients: Sequence[UUID],
    *,
    source: str = "/billing",
    kind: str = "invoice_paid",
    message: str = "Invoice 7 was paid",
    link: str | None = "/invoices/7",
    actor: Person | None = None,
) -> NotificationRequested:
    data = NotificationRequestedData(recipients=tuple(recipients), kind=kind, message=message, link=link, actor=actor)
    return NotificationRequested(**attributes(source, "invoice-7"), data=data)
