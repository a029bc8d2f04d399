"""The types and reasons of notifications, which events and frames share."""

from enum import StrEnum


class NotificationType(StrEnum):
    """Taskify's own types; a notification that another service asked for has that service's `kind` instead."""

    TASK_ASSIGNED = "task_assigned"
    STATUS_CHANGED = "status_changed"
    COMMENT_ADDED = "comment_added"
    DIGEST = "digest"


class Reason(StrEnum):
    """Why somebody was told; the strongest comes first."""

    ASSIGNED = "assigned"
    CREATED = "created"
    COMMENTED = "commented"
    MANUAL = "manual"
    REQUESTED = "requested"
