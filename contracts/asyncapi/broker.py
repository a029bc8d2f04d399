"""The broker's side: what is sent where, by whom, with which properties, and who takes it from which queue."""

from typing import Literal

from contracts import deliveries
from contracts.asyncapi.messages import DEAD_LETTER, DELIVERY, PADDING, TASK_SERVICE_DEAD_LETTER, messages
from contracts.asyncapi.parts import ASYNCAPI_VERSION, DOCUMENT_VERSION, Document, camel, reference, schemas_of
from contracts.dead_letters import DeadLetterHeaders
from contracts.events import ANSWERS, EVENTS, TASK_EVENTS, AnyEvent
from contracts.events.notification import NotificationRequested
from contracts.topology import (
    BINDINGS,
    DEAD_LETTERS,
    DELIVERIES,
    DOMAIN_EVENTS,
    EXCHANGES,
    NOTIFICATION_WORKER,
    QUEUES,
    REQUESTS,
    TASK_LANES,
    TASK_SERVICE,
    TASK_SERVICE_USER_EVENTS,
    UNROUTED,
    WORKER_DEAD_LETTERS,
    WORKER_REQUESTS,
    WORKER_USER_EVENTS,
    WS_GATEWAY,
    Queue,
    matches,
    task_events_queue,
)

_VHOST = "taskify"
_BINDING_VERSION = "0.3.0"
_ANOTHER_SERVICE = "another-service"
_OPERATOR = "operator"
_LANE = {
    "lane": {
        "description": "crc32 of the task's id as text, modulo the number of lanes: all events of a task in one queue",
        "enum": [str(lane) for lane in range(TASK_LANES)],
    }
}
_LANES_QUEUE = "notification-worker.task-events.{lane}"

_REQUESTS_BY_NAME = "notificationRequestedByName"

_READERS = {
    _LANES_QUEUE: NOTIFICATION_WORKER,
    WORKER_USER_EVENTS: NOTIFICATION_WORKER,
    TASK_SERVICE_USER_EVENTS: TASK_SERVICE,
    WORKER_REQUESTS: NOTIFICATION_WORKER,
    DELIVERIES: WS_GATEWAY,
    WORKER_DEAD_LETTERS: _OPERATOR,
    UNROUTED: _OPERATOR,
}


def broker_document() -> Document:
    """Give the whole document of the broker's side."""
    queues = {_queue_name(queue): queue for queue in QUEUES}
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {
            "title": "Taskify: the broker",
            "version": DOCUMENT_VERSION,
            "description": "Events are CloudEvents 1.0 in structured mode: the body is the whole envelope. Messages "
            "are persistent and mandatory, and confirmed by the broker. Services declare nothing: exchanges, queues "
            "and bindings are there before them. A consumer ignores fields that it does not know.",
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "broker": {
                "host": "localhost:5672",
                "pathname": f"/{_VHOST}",
                "protocol": "amqp",
                "protocolVersion": "0.9.1",
                "security": [reference("components", "securitySchemes", "brokerUser")],
            }
        },
        "channels": {
            **{camel(event.__name__): _event_channel(event) for event in EVENTS},
            _REQUESTS_BY_NAME: _requests_by_name_channel(),
            camel(DELIVERY): _exchange_channel(DELIVERIES, "", DELIVERY),
            camel(PADDING): _exchange_channel(DELIVERIES, "", PADDING),
            camel(DEAD_LETTER): _exchange_channel(DEAD_LETTERS, NOTIFICATION_WORKER, DEAD_LETTER),
            camel(TASK_SERVICE_DEAD_LETTER): _exchange_channel(DEAD_LETTERS, TASK_SERVICE, TASK_SERVICE_DEAD_LETTER),
            **{_queue_id(name): _queue_channel(name, queue) for name, queue in queues.items()},
        },
        "operations": {
            **dict(_sends(event.__name__, _sender(event)) for event in EVENTS),
            f"{_ANOTHER_SERVICE}.sends.{_REQUESTS_BY_NAME}": _sends_requests_by_name(),
            **dict(_sends(message, NOTIFICATION_WORKER) for message in (DELIVERY, PADDING, DEAD_LETTER)),
            **dict([_sends(TASK_SERVICE_DEAD_LETTER, TASK_SERVICE)]),
            **dict(_takes(name) for name in queues),
        },
        "components": {
            "messages": messages(_sender),
            "schemas": schemas_of(
                (
                    *((event, "validation") for event in EVENTS),
                    (deliveries.Delivery, "serialization"),
                    (DeadLetterHeaders, "serialization"),
                )
            ),
            "securitySchemes": {
                "brokerUser": {
                    "type": "userPassword",
                    "description": "each service has a user of its own, with the rights that it needs and no other",
                }
            },
        },
    }


def _sender(event: type[AnyEvent]) -> str:
    if event in ANSWERS:
        return NOTIFICATION_WORKER
    return _ANOTHER_SERVICE if event is NotificationRequested else TASK_SERVICE


def _routing_key(event: type[AnyEvent]) -> str:
    return f"{event.routing_key}.{{lane}}" if event in TASK_EVENTS else event.routing_key


def _event_channel(event: type[AnyEvent]) -> Document:
    channel = _exchange_channel(DOMAIN_EVENTS, _routing_key(event), event.__name__)
    return {**channel, "parameters": _LANE} if event in TASK_EVENTS else channel


def _requests_by_name_channel() -> Document:
    channel = _exchange_channel(DOMAIN_EVENTS, f"{{service}}.{REQUESTS}", NotificationRequested.__name__)
    told = (
        "the broker user who sends; for clients that cannot set `user_id`, since no other user may send with this key"
    )
    return {**channel, "parameters": {"service": {"description": told}}}


def _exchange_channel(exchange_name: str, routing_key: str, message: str) -> Document:
    (exchange,) = (exchange for exchange in EXCHANGES if exchange.name == exchange_name)
    binding = {
        "is": "routingKey",
        "exchange": {
            "name": exchange.name,
            "type": exchange.kind.value,
            "durable": True,
            "autoDelete": False,
            "vhost": _VHOST,
        },
        "bindingVersion": _BINDING_VERSION,
    }
    return {
        "address": routing_key,
        "messages": {message: reference("components", "messages", message)},
        "bindings": {"amqp": binding},
        "x-exchange-arguments": exchange.arguments,
    }


def _queue_name(queue: Queue) -> str:
    lanes = {task_events_queue(lane) for lane in range(TASK_LANES)}
    return _LANES_QUEUE if queue.name in lanes else queue.name


def _queue_id(name: str) -> str:
    return f"queue.{name.removesuffix('.{lane}')}"


def _queue_channel(name: str, queue: Queue) -> Document:
    bindings = [binding for binding in BINDINGS if binding.queue == queue.name]
    lane = queue.name.rpartition(".")[2]
    channel = {
        "address": name,
        "messages": {message: reference("components", "messages", message) for message in _arriving(queue.name)},
        "bindings": {
            "amqp": {
                "is": "queue",
                "queue": {
                    "name": name,
                    "durable": True,
                    "exclusive": False,
                    "autoDelete": False,
                    "vhost": _VHOST,
                },
                "bindingVersion": _BINDING_VERSION,
            }
        },
        "x-queue-arguments": queue.arguments,
        "x-bound-to": [
            {
                "exchange": binding.exchange,
                "routingKey": binding.routing_key.replace(f".{lane}", ".{lane}")
                if name == _LANES_QUEUE
                else binding.routing_key,
            }
            for binding in bindings
        ],
    }
    return {**channel, "parameters": _LANE} if name == _LANES_QUEUE else channel


def _arriving(queue: str) -> list[str]:
    """Name the messages that reach a queue; whatever nobody binds reaches the unrouted ones, so any event may."""
    if queue == UNROUTED:
        return [event.__name__ for event in EVENTS]
    keys = {binding.routing_key for binding in BINDINGS if (binding.exchange, binding.queue) == (DOMAIN_EVENTS, queue)}
    lane = queue.rpartition(".")[2]
    arriving = [
        event.__name__
        for event in EVENTS
        if any(matches(key, _routing_key(event).replace("{lane}", lane)) for key in keys)
    ]
    own = {DELIVERIES: [DELIVERY, PADDING], WORKER_DEAD_LETTERS: [DEAD_LETTER, TASK_SERVICE_DEAD_LETTER]}
    return [*arriving, *own.get(queue, [])]


def _sends(message: str, service: str) -> tuple[str, Document]:
    amqp = {"deliveryMode": 2, "mandatory": True, "userId": service}
    return f"{service}.sends.{message}", _operation("send", service, camel(message), [message], amqp)


def _sends_requests_by_name() -> Document:
    amqp = {"deliveryMode": 2, "mandatory": True}
    return _operation("send", _ANOTHER_SERVICE, _REQUESTS_BY_NAME, [NotificationRequested.__name__], amqp)


def _takes(queue_name: str) -> tuple[str, Document]:
    service, channel = _READERS[queue_name], _queue_id(queue_name)
    arriving = _arriving(queue_name.replace("{lane}", "0"))
    return f"{service}.takes.{channel}", _operation("receive", service, channel, arriving, {"ack": True})


def _operation(
    action: Literal["send", "receive"], service: str, channel: str, messages_: list[str], amqp: Document
) -> Document:
    return {
        "action": action,
        "channel": reference("channels", channel),
        "title": f"{service} {'sends' if action == 'send' else 'takes'}",
        "tags": [{"name": service}],
        "messages": [reference("channels", channel, "messages", message) for message in messages_],
        "bindings": {"amqp": {**amqp, "bindingVersion": _BINDING_VERSION}},
    }
