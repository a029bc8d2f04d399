"""From a stored row to the notification that people see."""

from typing import Any

from sqlalchemy import Row

from contracts.events.task import TaskStatus
from contracts.socket.frames import Actor, Notification
from notification_worker.audience.wording import FORMER_MEMBER, Parts, link_of, message_of


def notification_of(row: Row[Any]) -> Notification:
    """Make the notification of a whole row of `notifications`."""
    parts = Parts(
        type=row.type,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        task_id=row.task_id,
        task_title=row.task_title,
        new_status=None if row.new_status is None else TaskStatus(row.new_status),
        comment_id=row.comment_id,
        message=row.message,
        link=row.link,
        task_deleted=row.task_deleted,
    )
    return Notification(
        id=row.id,
        seq=row.seq,
        type=row.type,
        message=message_of(parts),
        task_id=row.task_id,
        link=link_of(parts),
        actor=actor_of(parts),
        reasons=tuple(row.reasons),
        count=row.count,
        created_at=row.created_at,
        updated_at=row.updated_at,
        read_at=row.read_at,
    )


def actor_of(parts: Parts) -> Actor | None:
    """Name who did it; what happened to a task was always done by somebody, what was asked for need not be."""
    if parts.actor_name is None:
        return Actor(id=None, name=FORMER_MEMBER) if parts.message is None else None
    return Actor(id=parts.actor_id, name=parts.actor_name)
