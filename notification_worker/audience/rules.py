"""Who is told of an event, why, and what the notification says."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from uuid import UUID

from contracts.events import AnyEvent
from contracts.events.notification import NotificationRequested, NotificationRequestedData
from contracts.events.task import TaskAssigned, TaskCommentAdded, TaskEventData, TaskStatusChanged
from contracts.notification_types import NotificationType, Reason
from notification_worker.audience.watching import Watching, in_order
from notification_worker.audience.wording import FORMER_MEMBER, Parts


@dataclass(frozen=True, slots=True)
class Told:
    """One person who is told, and all reasons, the strongest first."""

    user_id: UUID
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """One event's notification and everybody who gets it, in the order of their ids."""

    event_source: str
    event_id: str
    parts: Parts
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else decides: who watches the event's task after it, who is erased, and whether the task is deleted."""

    watchers: Mapping[UUID, Watching]
    erased: AbstractSet[UUID] = frozenset()
    task_deleted: bool = False


def telling_of(event: AnyEvent, around: Surroundings) -> Telling | None:
    """Say whom an event tells of what, or None if it tells nobody.

    The recipients of a request are taken as they are: whether they are known is for the caller to find out.
    """
    reasons: dict[UUID, tuple[Reason, ...]] = {}
    match event:
        case TaskAssigned(data=data):
            parts = _of_task(NotificationType.TASK_ASSIGNED, data, around)
            reasons[data.assignee.id] = (Reason.ASSIGNED,)
        case TaskStatusChanged(data=data):
            parts = replace(_of_task(NotificationType.STATUS_CHANGED, data, around), new_status=data.new_status)
            reasons.update(_of_watchers(around))
        case TaskCommentAdded(data=data):
            parts = replace(_of_task(NotificationType.COMMENT_ADDED, data, around), comment_id=data.comment.id)
            reasons.update(_of_watchers(around))
        case NotificationRequested(data=data):
            parts = _of_request(data, around)
            reasons.update(dict.fromkeys(data.recipients, (Reason.REQUESTED,)))
        case _:
            return None
    # Nobody is told of their own act, not even of one that another service reports.
    not_told = {*around.erased, *(() if data.actor is None else (data.actor.id,))}
    told = tuple(Told(user_id, reasons[user_id]) for user_id in sorted(reasons.keys() - not_told))
    return Telling(event.source, event.id, parts, told) if told else None


def _of_watchers(around: Surroundings) -> dict[UUID, tuple[Reason, ...]]:
    return {user_id: in_order(watching.reasons) for user_id, watching in around.watchers.items() if watching.now}


def _of_task(notification_type: NotificationType, data: TaskEventData, around: Surroundings) -> Parts:
    actor = None if data.actor.id in around.erased else data.actor
    return Parts(
        type=notification_type.value,
        actor_id=actor.id if actor else None,
        actor_name=actor.name if actor else None,
        task_id=data.task.id,
        task_title=data.task.title,
        task_deleted=around.task_deleted,
    )


def _of_request(data: NotificationRequestedData, around: Surroundings) -> Parts:
    actor, message = data.actor, data.message
    if actor is not None and actor.id in around.erased:
        message = message.replace(actor.name, FORMER_MEMBER) if actor.name else message
        actor = None
    return Parts(
        type=data.kind,
        actor_id=actor.id if actor else None,
        actor_name=actor.name if actor else None,
        message=message,
        link=data.link,
    )
