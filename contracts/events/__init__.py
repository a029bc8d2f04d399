"""The domain events: one class for each type and version, and the one way to read them.

Errors
    UnreadableEventError
    ├── NotAnEnvelopeError      the body is no CloudEvents envelope
    ├── UnknownEventTypeError   an envelope, of a type that nobody here knows
    └── InvalidEventDataError   a known type whose data is not what it promises
"""

from typing import Any

from pydantic import ValidationError

from contracts.envelope import EnvelopeAttributes, Event
from contracts.events.notification import NotificationRequested
from contracts.events.task import (
    TaskAssigned,
    TaskChanged,
    TaskCommentAdded,
    TaskCommentDeleted,
    TaskCreated,
    TaskDeleted,
    TaskEventData,
    TaskStatusChanged,
    TaskUnassigned,
    TaskUnwatched,
    TaskWatched,
)
from contracts.events.user import (
    SessionEnded,
    UserErased,
    UserErasureCompleted,
    UserExported,
    UserExportRequested,
    UserRegistered,
    UserRenamed,
)

AnyEvent = Event[Any]
TaskEvent = Event[TaskEventData]

TASK_EVENTS: tuple[type[AnyEvent], ...] = (
    TaskCreated,
    TaskChanged,
    TaskAssigned,
    TaskUnassigned,
    TaskStatusChanged,
    TaskCommentAdded,
    TaskCommentDeleted,
    TaskWatched,
    TaskUnwatched,
    TaskDeleted,
)
USER_EVENTS: tuple[type[AnyEvent], ...] = (UserRegistered, UserRenamed, UserExportRequested, UserErased)
ANSWERS: tuple[type[AnyEvent], ...] = (UserExported, UserErasureCompleted)
"""What services that hold data about people send back to the task service."""

EVENTS: tuple[type[AnyEvent], ...] = (*TASK_EVENTS, *USER_EVENTS, *ANSWERS, SessionEnded, NotificationRequested)


def type_of(event: type[AnyEvent]) -> str:
    """Give the CloudEvents `type` of a class of events."""
    return str(event.model_fields["type"].default)


_BY_TYPE = {type_of(event): event for event in EVENTS}


class UnreadableEventError(Exception):
    """A message that is no event this version can handle; nothing but a correction of it will help."""


class NotAnEnvelopeError(UnreadableEventError):
    """The body is not a CloudEvents 1.0 envelope in JSON."""


class UnknownEventTypeError(UnreadableEventError):
    """The envelope is in order, its type is unknown."""


class InvalidEventDataError(UnreadableEventError):
    """The envelope and its type are in order, the data is not."""


def parse_event(body: bytes) -> AnyEvent:
    """Read an event of any known type; unknown fields are ignored.

    Raises:
        UnreadableEventError: one of its three kinds, whose text says what is wrong and where.
    """
    try:
        attributes = EnvelopeAttributes.parse(body)
    except ValidationError as error:
        raise NotAnEnvelopeError(_where(error)) from error
    event = _BY_TYPE.get(attributes.type)
    if event is None:
        raise UnknownEventTypeError(f"type: '{attributes.type}' is not known")
    try:
        return event.parse(body)
    except ValidationError as error:
        raise InvalidEventDataError(_where(error)) from error


def _where(error: ValidationError) -> str:
    """Name each wrong place without repeating its content, which may be personal."""
    return "; ".join(
        f"{'.'.join(map(str, detail['loc'])) or 'body'}: {detail['msg']}"
        for detail in error.errors(include_input=False, include_url=False)
    )
