"""The text and the link of a notification, from the parts that are stored."""

from dataclasses import dataclass
from uuid import UUID

from contracts.events.task import TaskStatus
from contracts.notification_types import Frequency, NotificationType

FORMER_MEMBER = "a former member"

STATUS_NAMES = {
    TaskStatus.TODO: "To do",
    TaskStatus.IN_PROGRESS: "In progress",
    TaskStatus.IN_REVIEW: "In review",
    TaskStatus.DONE: "Done",
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a notification says, before it is a text.

    `message` and `link` are set for what another service asked for, the others for what happened to a task. Of an
    actor who was erased neither `actor_id` nor `actor_name` is left. Of several who did the same the actor is the
    latest, and `other_actors` counts the others.
    """

    type: str
    actor_id: UUID | None = None
    actor_name: str | None = None
    task_id: UUID | None = None
    task_title: str | None = None
    old_status: TaskStatus | None = None
    new_status: TaskStatus | None = None
    comment_id: UUID | None = None
    message: str | None = None
    link: str | None = None
    task_deleted: bool = False
    other_actors: int = 0


def message_of(parts: Parts) -> str:
    """Write the text of a notification."""
    if parts.message is not None:
        return parts.message
    actor = parts.actor_name if parts.actor_name is not None else FORMER_MEMBER.capitalize()
    match parts.type:
        case NotificationType.TASK_ASSIGNED:
            return f"{actor} assigned you '{parts.task_title}'"
        case NotificationType.STATUS_CHANGED if parts.new_status is not None:
            return f"{actor} moved '{parts.task_title}' to {STATUS_NAMES[parts.new_status]}"
        case NotificationType.COMMENT_ADDED:
            return f"{actor}{_and_others(parts.other_actors)} commented on '{parts.task_title}'"
        case unknown:
            raise ValueError(f"a notification of type {unknown!r} has no text")


def _and_others(count: int) -> str:
    match count:
        case 0:
            return ""
        case 1:
            return " and 1 other"
        case _:
            return f" and {count} others"


def digest_message(frequency: Frequency, count: int) -> str:
    """Write the text of a digest of so many notifications; it names nobody."""
    updates = "1 update" if count == 1 else f"{count} updates"
    return f"Your {frequency} digest: {updates}"


def link_of(parts: Parts) -> str | None:
    """Give the path that a notification leads to; what happened to a deleted task leads nowhere."""
    if parts.task_id is None:
        return parts.link
    if parts.task_deleted:
        return None
    return f"/tasks/{parts.task_id}" + (f"#comment-{parts.comment_id}" if parts.comment_id is not None else "")
