"""The task service as far as its events go: what people do to two tasks, and what other services ask for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from contracts.envelope import sequence_text
from contracts.events import AnyEvent
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
from contracts.events.user import UserErased, UserErasedData
from task_service.commands.watching import add_reason
from task_service.models import Watcher

SOURCE = "/task-service"
KINDS = ("invoice_paid", "backup_failed")
STATUSES = tuple(TaskStatus)
NOBODY_KNOWN = UUID(int=999)

_IDS = 1_000
"""Tasks and comments are numbered from here, people below."""


@dataclass(frozen=True)
class Deed:
    """`other` is whatever else the deed needs: an assignee, a status, a kind and its recipients."""

    what: str
    who: int
    task: int
    other: int


@dataclass
class Task:
    reference: TaskReference
    status: TaskStatus = TaskStatus.TODO
    before: TaskStatus = TaskStatus.TODO
    sequence: int = 0
    watchers: dict[UUID, Watcher] = field(default_factory=dict)

    def watch(self, person: Person, reason: WatchReason) -> tuple[WatcherAdded, ...]:
        """Let the task service's own rule decide what its event says."""
        if person.id in self.watchers:
            added = add_reason(self.watchers[person.id], reason)
        else:
            own = Watcher(task_id=self.reference.id, user_id=person.id, reasons=[reason], stopped=False)
            self.watchers[person.id], added = own, (reason,)
        return tuple(WatcherAdded(person=person, reason=each) for each in added)


class Board:
    """Two places for tasks; a deed at an empty place makes a task there first."""

    def __init__(self, people: tuple[Person, ...], clock: Callable[[], datetime]) -> None:
        self.people = people
        self.tasks: list[Task | None] = [None, None]
        self.events: list[AnyEvent] = []
        self._clock = clock
        self._ids = count(_IDS)

    def do(self, deed: Deed) -> list[AnyEvent]:
        """Give the events of a deed; none if it changes nothing."""
        if deed.what == "again":
            return [self.events[-1 - deed.other % len(self.events)]] if self.events else []
        who = self.people[deed.who]
        new = [self._request(who, deed.other)] if deed.what == "request" else self._on_task(deed, who)
        self.events += new
        return new

    def erase(self, who: Person) -> AnyEvent:
        event = UserErased(**self._attributes(str(who.id)), data=UserErasedData(user_id=who.id))
        self.events.append(event)
        return event

    def _on_task(self, deed: Deed, who: Person) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        task = self.tasks[deed.task]
        if task is None:
            number = next(self._ids)
            task = self.tasks[deed.task] = Task(TaskReference(id=UUID(int=number), title=f"Task {number}"))
            added = task.watch(who, WatchReason.CREATED)
            created = TaskCreatedData(description="", status=task.status, **self._data(task, who, added))
            events.append(TaskCreated(**self._next(task), data=created))
        if (event := self._happened(deed, task, who)) is not None:
            events.append(event)
        if deed.what == "delete":
            self.tasks[deed.task] = None
        return events

    def _happened(self, deed: Deed, task: Task, who: Person) -> AnyEvent | None:
        match deed.what:
            case "comment":
                comment = Comment(id=UUID(int=next(self._ids)), body="So be it.")
                own = self._data(task, who, task.watch(who, WatchReason.COMMENTED))
                return TaskCommentAdded(**self._next(task), data=TaskCommentAddedData(comment=comment, **own))
            case "move" | "move back":
                return self._moved(
                    task, who, STATUSES[deed.other % len(STATUSES)] if deed.what == "move" else task.before
                )
            case "assign":
                assignee = self.people[deed.other % len(self.people)]
                own = self._data(task, who, task.watch(assignee, WatchReason.ASSIGNED))
                return TaskAssigned(**self._next(task), data=TaskAssignedData(assignee=assignee, **own))
            case "delete":
                return TaskDeleted(**self._next(task), data=TaskDeletedData(**self._data(task, who)))
            case _:
                return self._watching(deed.what, task, who)

    def _moved(self, task: Task, who: Person, status: TaskStatus) -> AnyEvent | None:
        if status == task.status:
            return None
        task.before, task.status = task.status, status
        data = TaskStatusChangedData(old_status=task.before, new_status=status, **self._data(task, who))
        return TaskStatusChanged(**self._next(task), data=data)

    def _watching(self, what: str, task: Task, who: Person) -> AnyEvent | None:
        """Watch or stop watching; once more changes nothing."""
        if what == "watch" and (added := task.watch(who, WatchReason.MANUAL)):
            return TaskWatched(**self._next(task), data=TaskWatchedData(**self._data(task, who, added)))
        own = task.watchers.get(who.id)
        if what == "stop watching" and own is not None and not own.stopped:
            own.stopped = True
            return TaskUnwatched(**self._next(task), data=TaskUnwatchedData(watcher=who, **self._data(task, who)))
        return None

    def _request(self, who: Person, choice: int) -> AnyEvent:
        named = choice % 2 == 0
        everybody = [person.id for person in self.people]
        data = NotificationRequestedData(
            recipients=(*everybody[choice % len(everybody) :], NOBODY_KNOWN),
            kind=KINDS[choice % len(KINDS)],
            message=f"{who.name} paid an invoice" if named else "An invoice was paid",
            link="/invoices/7",
            actor=who if named else None,
        )
        return NotificationRequested(**self._attributes("invoice-7", "/billing"), data=data)

    def _data(self, task: Task, who: Person, added: tuple[WatcherAdded, ...] = ()) -> dict[str, Any]:
        return {"actor": who, "task": task.reference, "watchers_added": added}

    def _next(self, task: Task) -> dict[str, Any]:
        task.sequence += 1
        attributes = self._attributes(str(task.reference.id))
        return {**attributes, "partitionkey": str(task.reference.id), "sequence": sequence_text(task.sequence)}

    def _attributes(self, subject: str, source: str = SOURCE) -> dict[str, Any]:
        return {"id": f"event-{next(self._ids)}", "source": source, "subject": subject, "time": self._clock()}
