"""The messages of the broker's side: bodies, AMQP properties and headers, as they are really set."""

import json
from collections.abc import Callable

from contracts import deliveries
from contracts.asyncapi.parts import Document, own_description, reference
from contracts.dead_letters import DeadLetterHeaders
from contracts.envelope import CONTENT_TYPE
from contracts.events import EVENTS, AnyEvent, type_of
from contracts.events.notification import NotificationRequested
from contracts.examples import examples
from contracts.topology import NOTIFICATION_WORKER, TASK_SERVICE

DELIVERY = deliveries.Delivery.__name__
PADDING = "Padding"
DEAD_LETTER = "DeadLetter"
TASK_SERVICE_DEAD_LETTER = "TaskServiceDeadLetter"

_BINDING_VERSION = "0.3.0"
_OWN_NAME = "the sending service's own name; a client that cannot set it uses the service's own routing key"
_NO_HEADERS = {"type": "object", "description": "none are set; those that a sender adds are kept, and mean nothing"}


def messages(sender_of: Callable[[type[AnyEvent]], str]) -> Document:
    """Describe every message by its name."""
    return {
        **{event.__name__: _event_message(event, sender_of(event)) for event in EVENTS},
        DELIVERY: _delivery_message(),
        PADDING: _padding_message(),
        DEAD_LETTER: _dead_letter_message(DEAD_LETTER, NOTIFICATION_WORKER),
        TASK_SERVICE_DEAD_LETTER: _dead_letter_message(TASK_SERVICE_DEAD_LETTER, TASK_SERVICE),
    }


def _event_message(event: type[AnyEvent], sender: str) -> Document:
    type_ = type_of(event)
    example = json.loads(examples()[event].model_dump_json())
    return {
        "name": type_,
        "title": event.__name__,
        "summary": own_description(event),
        "contentType": CONTENT_TYPE,
        "headers": _NO_HEADERS,
        "payload": reference("components", "schemas", event.__name__),
        "bindings": _binding(type_),
        "x-amqp-properties": _properties(
            "the event's `id`", type_, CONTENT_TYPE, sender if event is not NotificationRequested else _OWN_NAME
        ),
        "examples": [{"name": "complete", "payload": example}],
    }


def _delivery_message() -> Document:
    return {
        "name": deliveries.MESSAGE_TYPE,
        "title": DELIVERY,
        "summary": "Finished frames, each for one person. A gateway passes them on as they are.",
        "contentType": deliveries.CONTENT_TYPE,
        "headers": _NO_HEADERS,
        "payload": reference("components", "schemas", DELIVERY),
        "bindings": _binding(deliveries.MESSAGE_TYPE),
        "x-amqp-properties": _properties(
            "an id of its own", deliveries.MESSAGE_TYPE, deliveries.CONTENT_TYPE, NOTIFICATION_WORKER
        ),
    }


def _padding_message() -> Document:
    return {
        "name": deliveries.PADDING_TYPE,
        "title": PADDING,
        "summary": "Spaces that fill a segment of the stream, so that what is too old goes. Readers pass them over.",
        "contentType": deliveries.PADDING_CONTENT_TYPE,
        "headers": _NO_HEADERS,
        "payload": {"type": "string", "pattern": "^ *$"},
        "bindings": _binding(deliveries.PADDING_TYPE),
        "x-amqp-properties": _properties(
            "an id of its own", deliveries.PADDING_TYPE, deliveries.PADDING_CONTENT_TYPE, NOTIFICATION_WORKER
        ),
    }


def _dead_letter_message(name: str, sender: str) -> Document:
    return {
        "name": name,
        "title": name,
        "summary": "A message that nobody could handle, with its body as it came and the reason in its headers.",
        "headers": {
            "allOf": [reference("components", "schemas", DeadLetterHeaders.__name__)],
            "description": "beside the original's own headers, as far as those are text",
        },
        "payload": {"description": "the original message's body, whatever it was"},
        "bindings": {"amqp": {"bindingVersion": _BINDING_VERSION}},
        "x-amqp-properties": _properties(
            "the original's; a new one if it had none", "the original's", "the original's", sender
        ),
    }


def _binding(type_: str) -> Document:
    return {"amqp": {"messageType": type_, "bindingVersion": _BINDING_VERSION}}


def _properties(message_id: str, type_: str, content_type: str, sender: str) -> Document:
    """Say what the publisher sets. The broker refuses a `user_id` that is not the sender's own."""
    return {
        "message_id": message_id,
        "type": type_,
        "content_type": content_type,
        "delivery_mode": 2,
        "user_id": sender,
    }
