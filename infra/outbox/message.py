"""What waits in an outbox to be published."""

from dataclasses import dataclass
from typing import Any

from contracts.envelope import CONTENT_TYPE, Event
from infra.telemetry.traceparent import current_traceparent


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message for the broker, finished: the relay adds nothing and looks at nothing inside.

    Messages with the same `order_key` are published one after the other, in the order in which they were appended.
    """

    message_id: str
    type: str
    content_type: str
    routing_key: str
    order_key: str
    body: str


def event_message(event: Event[Any], routing_key: str) -> OutboxMessage:
    """Make the message of a domain event; events with the same `partitionkey` stay in order.

    The event is told to belong to the trace of what is done right now.
    """
    if event.traceparent is None and (traceparent := current_traceparent()) is not None:
        event = event.model_copy(update={"traceparent": traceparent})
    return OutboxMessage(
        message_id=event.id,
        type=event.type,
        content_type=CONTENT_TYPE,
        routing_key=routing_key,
        order_key=event.partitionkey or event.id,
        body=event.model_dump_json(),
    )
