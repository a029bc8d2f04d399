"""From the columns of a stored row to the notification that people see, and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from contracts.events.task import TaskStatus
from contracts.socket.frames import Actor, Change, Notification, NotificationFrame, NotificationPayload
from notification_worker.audience.wording import FORMER_MEMBER, Parts, link_of, message_of
from notification_worker.models import notification_members, notifications

Columns = dict[str, Any]
"""A row by the names of its columns, as it is or will be stored."""

PARTS = tuple(part.name for part in fields(Parts))
_OF_MEMBERS = (
    *(name for name in PARTS if name in notification_members.c),
    "id",
    "user_id",
    "reasons",
    "created_at",
    "event_source",
    "event_id",
)
SHOWN = tuple(
    notifications.c[name] for name in (*PARTS, "id", "seq", "reasons", "count", "created_at", "updated_at", "read_at")
)
"""The columns of a notification that `notification_of` takes."""

_STATUSES = ("old_status", "new_status")


def notification_of(columns: Mapping[str, Any]) -> Notification:
    """Make the notification of a whole row of `notifications`."""
    return Notification(**_shown(columns))


def frame_of(columns: Mapping[str, Any], change: Change, unread_count: int) -> NotificationFrame:
    """Make the frame that shows a whole row of `notifications` after a change of it."""
    return NotificationFrame(
        payload=NotificationPayload(**_shown(columns), change=change, unread_count=unread_count),
    )


def parts_of(columns: Mapping[str, Any]) -> Parts:
    """Take out of a row of `notifications`, or of their members, what it says."""
    parts = {name: columns[name] for name in PARTS if name in columns}
    for name in _STATUSES:
        parts[name] = None if parts[name] is None else TaskStatus(parts[name])
    return Parts(**parts)


def columns_of(parts: Parts) -> Columns:
    """Give the columns of `notifications` that hold what is said."""
    return {name: getattr(parts, name) for name in PARTS}


def member_of(columns: Columns, **places: object) -> Columns:
    """Give the columns of the member that a row of one event becomes; `places` says of what, or for when it waits."""
    return {
        **{name: columns[name] for name in _OF_MEMBERS},
        "notification_id": None,
        "frequency": None,
        "due_at": None,
        # Rows from before the times of events were kept.
        "event_time": columns["event_time"] or columns["created_at"],
        **places,
    }


def actor_of(parts: Parts) -> Actor | None:
    """Name who did it; what happened to a task was always done by somebody, what was asked for need not be."""
    if parts.actor_name is None:
        return Actor(id=None, name=FORMER_MEMBER) if parts.message is None else None
    return Actor(id=parts.actor_id, name=parts.actor_name)


def _shown(columns: Mapping[str, Any]) -> dict[str, Any]:
    parts = parts_of(columns)
    return {
        "id": columns["id"],
        "seq": columns["seq"],
        "type": parts.type,
        "message": message_of(parts),
        "task_id": parts.task_id,
        "link": link_of(parts),
        "actor": actor_of(parts),
        "reasons": tuple(columns["reasons"]),
        "count": columns["count"],
        "created_at": columns["created_at"],
        "updated_at": columns["updated_at"],
        "read_at": columns["read_at"],
    }
