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


class Frequency(StrEnum):
    """When a person is told of a type: at once, with the digest of the hour or the day, or not at all."""

    INSTANT = "instant"
    HOURLY = "hourly"
    DAILY = "daily"
    OFF = "off"


class Outcome(StrEnum):
    """What became of an event for one person: told, to be told, or the rule that held it back."""

    TOLD = "told"
    WAITS_FOR_DIGEST = "waits_for_digest"
    OWN_ACTION = "own_action"
    MUTED = "muted"
    PREFERENCE = "preference"
    NOT_WATCHING = "not_watching"
    NOT_THE_ASSIGNEE = "not_the_assignee"
    WITHDRAWN = "withdrawn"
    """A status that went there and back within a minute, before anybody had read of it."""
