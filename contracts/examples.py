"""One complete event of each type, as its producer writes it: for documents, golden samples and tests of consumers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.envelope import Data, Event, sequence_text
from contracts.events import AnyEvent
from contracts.events.notification import NotificationRequested, NotificationRequestedData
from contracts.events.task import (
    Comment,
    Person,
    TaskAssigned,
    TaskAssignedData,
    TaskChanged,
    TaskChangedData,
    TaskCommentAdded,
    TaskCommentAddedData,
    TaskCommentDeleted,
    TaskCommentDeletedData,
    TaskCreated,
    TaskCreatedData,
    TaskDeleted,
    TaskDeletedData,
    TaskReference,
    TaskStatus,
    TaskStatusChanged,
    TaskStatusChangedData,
    TaskUnassigned,
    TaskUnassignedData,
    TaskUnwatched,
    TaskUnwatchedData,
    TaskWatched,
    TaskWatchedData,
    TextChange,
    WatcherAdded,
    WatchReason,
)
from contracts.events.user import (
    Pending,
    Removed,
    SessionEnded,
    SessionEndedData,
    UserData,
    UserErased,
    UserErasedData,
    UserErasureCompleted,
    UserErasureCompletedData,
    UserExported,
    UserExportedData,
    UserExportRequested,
    UserExportRequestedData,
    UserRegistered,
    UserRenamed,
)

_ANN = Person(id=UUID("019a5c1e-9999-7aaa-8bbb-00000000000a"), name="Ann")
_JOHN = Person(id=UUID("019a5c1e-9999-7aaa-8bbb-00000000000b"), name="John")
_EVE = Person(id=UUID("019a5c1e-9999-7aaa-8bbb-00000000000c"), name="Eve")
_COMMENT = UUID("019a5c20-2222-7333-8444-0000000000c0")
_SESSION = UUID("019a5c20-3333-7444-8555-0000000000d0")
_EXPORT = UUID("019a5c20-4444-7555-8666-0000000000e1")
_ERASURE = UUID("019a5c20-5555-7666-8777-0000000000f1")
_TIME = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

_TASK: dict[str, Any] = {
    "actor": _JOHN,
    "task": TaskReference(id=UUID("019a5c1f-2222-7333-8444-0000000000e0"), title="Fix login bug"),
    "watchers_added": (WatcherAdded(person=_JOHN, reason=WatchReason.COMMENTED),),
}


def examples() -> Mapping[type[AnyEvent], AnyEvent]:
    """Give one event of each type in which every field has a value."""
    return {type(event): event for event in (*_task_events(), *_user_events(), *_answers(), _request())}


def _task_events() -> tuple[AnyEvent, ...]:
    status, old = TaskStatus.IN_REVIEW, TaskStatus.IN_PROGRESS
    changed = TextChange(old="Fix login", new="Fix login bug")
    comment = Comment(id=_COMMENT, body="It also fails with a space.")
    return (
        _of_task(1, TaskCreated, TaskCreatedData(**_TASK, description="The button does nothing.", status=status)),
        _of_task(2, TaskChanged, TaskChangedData(**_TASK, title=changed, description=changed)),
        _of_task(3, TaskAssigned, TaskAssignedData(**_TASK, assignee=_ANN, previous_assignee=_EVE)),
        _of_task(4, TaskUnassigned, TaskUnassignedData(**_TASK, previous_assignee=_ANN)),
        _of_task(5, TaskStatusChanged, TaskStatusChangedData(**_TASK, old_status=old, new_status=status)),
        _of_task(6, TaskCommentAdded, TaskCommentAddedData(**_TASK, comment=comment)),
        _of_task(7, TaskCommentDeleted, TaskCommentDeletedData(**_TASK, comment_id=_COMMENT)),
        _of_task(8, TaskWatched, TaskWatchedData(**_TASK)),
        _of_task(9, TaskUnwatched, TaskUnwatchedData(**_TASK, watcher=_EVE)),
        _of_task(10, TaskDeleted, TaskDeletedData(**_TASK)),
    )


def _user_events() -> tuple[AnyEvent, ...]:
    return (
        _event(11, UserRegistered, UserData(user=_ANN), "/task-service", str(_ANN.id)),
        _event(12, UserRenamed, UserData(user=_ANN), "/task-service", str(_ANN.id)),
        _event(13, UserErased, UserErasedData(user_id=_ANN.id, erasure_id=_ERASURE), "/task-service", str(_ANN.id)),
        _event(14, SessionEnded, SessionEndedData(user_id=_ANN.id, session_id=_SESSION), "/task-service", str(_ANN.id)),
    )


def _answers() -> tuple[AnyEvent, ...]:
    asked = UserExportRequestedData(export_id=_EXPORT, user_id=_ANN.id)
    document: dict[str, Any] = {
        "preferences": {"daily_at": "17:00"},
        "muted_tasks": [{"task_id": str(_TASK["task"].id)}],
    }
    part = UserExportedData(
        export_id=_EXPORT, user_id=_ANN.id, service="notification-worker", part=1, parts=1, document=document
    )
    erased = UserErasureCompletedData(
        erasure_id=_ERASURE,
        user_id=_ANN.id,
        service="notification-worker",
        removed=(Removed(what="notifications", count=12),),
        pending=(Pending(what="delivery_stream", gone_by=_TIME),),
    )
    return (
        _event(16, UserExportRequested, asked, "/task-service", str(_ANN.id)),
        _event(17, UserExported, part, "/notification-worker", str(_ANN.id)),
        _event(18, UserErasureCompleted, erased, "/notification-worker", str(_ANN.id)),
    )


def _request() -> AnyEvent:
    data = NotificationRequestedData(
        recipients=(_ANN.id,),
        kind="invoice_overdue",
        message="Invoice 42 is overdue",
        link="https://billing.example/invoices/42",
        actor=_JOHN,
    )
    return _event(15, NotificationRequested, data, "/billing", "invoice-42")


def _of_task(number: int, event: type[Event[Data]], data: Data) -> AnyEvent:
    return _event(number, event, data, "/task-service", str(_TASK["task"].id))


def _event(number: int, event: type[Event[Data]], data: Data, source: str, subject: str) -> AnyEvent:
    # `type` has its value from the class of the event.
    return event.model_validate(
        {
            "id": f"019a5c20-0000-7000-8000-{number:012d}",
            "source": source,
            "subject": subject,
            "partitionkey": subject,
            "sequence": sequence_text(number),
            "time": _TIME,
            "traceparent": _TRACE,
            "data": data,
        }
    )
