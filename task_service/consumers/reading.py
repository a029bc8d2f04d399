"""From a message to an event that this service may apply."""

from aio_pika.abc import AbstractIncomingMessage

from contracts.envelope import source_belongs_to
from contracts.events import AnyEvent, parse_event
from contracts.events.refusals import ForeignSourceError, UnexpectedEventTypeError
from contracts.events.user import UserErasureCompleted, UserExported, UserExportRequested
from contracts.topology import TASK_SERVICE

MARK = "taskify.mark.v1"
"""The AMQP type of what only marks a place in the queue (`draining`), by its `message_id`.

Only an operator may send to a queue directly, and so nobody else can send one: what comes through an exchange and says
that it is a mark can do no more than be told of.
"""

Taken = UserExportRequested | UserExported | UserErasureCompleted


def read_event(message: AbstractIncomingMessage) -> Taken:
    """Read an event, and check that it comes from where it says and answers for nobody else.

    `user_id` is the broker user who sent it: the broker refuses any other.

    Raises:
        UnreadableEventError: one of `contracts.events.refusals.REASONS`.
    """
    event: AnyEvent = parse_event(message.body)
    if not isinstance(event, Taken):
        raise UnexpectedEventTypeError(f"type: '{event.type}' is not for this service")
    sender = message.user_id or ""
    if not source_belongs_to(event.source, sender):
        raise ForeignSourceError("source: it does not belong to the broker user who sent the event")
    service = TASK_SERVICE if isinstance(event, UserExportRequested) else event.data.service
    if sender != service:
        raise ForeignSourceError("data.service: it is not who sent the event")
    return event
