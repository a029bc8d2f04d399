"""From a message to an event that this worker may apply."""

from typing import Protocol

from contracts.envelope import source_belongs_to
from contracts.events import TASK_EVENTS, USER_EVENTS, AnyEvent, parse_event
from contracts.events.notification import NotificationRequested
from contracts.events.refusals import ForeignSourceError, UnexpectedEventTypeError
from contracts.events.user import SessionEnded
from contracts.topology import TASK_SERVICE, service_named_by

_FROM_TASK_SERVICE: tuple[type[AnyEvent], ...] = (*TASK_EVENTS, *USER_EVENTS, SessionEnded)
APPLIED: tuple[type[AnyEvent], ...] = (*_FROM_TASK_SERVICE, NotificationRequested)
"""The events that this worker applies."""


class Sent(Protocol):
    """What a message says of itself.

    `user_id` is the broker user who sent it, since the broker refuses any other. A service's own routing key proves the
    same, since the broker refuses it to all others; some clients cannot set `user_id`.
    """

    @property
    def body(self) -> bytes: ...
    @property
    def user_id(self) -> str | None: ...
    @property
    def routing_key(self) -> str | None: ...


def read_event(message: Sent) -> AnyEvent:
    """Read an event, and check that it comes from where it says, which who sent it has to prove.

    Raises:
        UnreadableEventError: one of `contracts.events.refusals.REASONS`.
    """
    event = parse_event(message.body)
    if not isinstance(event, APPLIED):
        raise UnexpectedEventTypeError(f"type: '{event.type}' is not for this worker")
    sender = message.user_id or service_named_by(message.routing_key or "")
    if sender is None or not source_belongs_to(event.source, sender):
        raise ForeignSourceError("source: it does not belong to the broker user who sent the event")
    if isinstance(event, _FROM_TASK_SERVICE) and sender != TASK_SERVICE:
        raise ForeignSourceError(f"type: only {TASK_SERVICE} sends '{event.type}'")
    return event
