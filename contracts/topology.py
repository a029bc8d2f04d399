"""The broker: exchanges, queues, bindings, and what each service's broker user may do. Data, no connection.

This is the one source: `python -m infra.broker.definitions` writes RabbitMQ's definitions file from it. Services
declare nothing.

Rights are three patterns for each user (what it may declare, write to, read from), and patterns of routing keys for
topic exchanges. Source: RabbitMQ's documentation, "Access Control" and "Topic Authorisation".
"""

import re
import zlib
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

TASK_LANES = 8

DOMAIN_EVENTS = "domain.events"
UNROUTED = "domain.unrouted"
DELIVERIES = "notification.deliveries"
DEAD_LETTERS = "dead-letters"

TASK_SERVICE_USER_EVENTS = "task-service.user-events"
WORKER_USER_EVENTS = "notification-worker.user-events"
WORKER_REQUESTS = "notification-worker.requests"
WORKER_DEAD_LETTERS = "notification-worker.dead-letters"

DELIVERIES_AGE = timedelta(minutes=20)
"""A segment of the stream that is older goes when another one has become full, and not before."""

DELIVERIES_SEGMENT_BYTES = 10_000_000

REQUESTS = "notification.requested"

TASK_SERVICE = "task-service"
NOTIFICATION_WORKER = "notification-worker"
WS_GATEWAY = "ws-gateway"

_QUEUE_LIMIT = 1_000_000
_WEEK_MS = 7 * 24 * 3600 * 1000
_NOTHING = "^$"
_SERVICE_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_OUR_FIRST_WORDS = {"task", "user", "session", "notification"}


def lane_of(task_id: UUID) -> int:
    """Give the lane of a task: all its events pass through one queue, in order."""
    return zlib.crc32(str(task_id).encode()) % TASK_LANES


def task_routing_key(word: str, task_id: UUID) -> str:
    """Add the task's lane to the word of an event: `task.assigned.5`."""
    return f"{word}.{lane_of(task_id)}"


def task_events_queue(lane: int) -> str:
    """Name the queue of a lane."""
    return f"notification-worker.task-events.{lane}"


def matches(pattern: str, routing_key: str) -> bool:
    """Whether a binding in a topic exchange takes a routing key: `*` stands for one word, `#` for any number."""
    return _matches(pattern.split("."), routing_key.split("."))


def _matches(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_matches(pattern[1:], words[count:]) for count in range(len(words) + 1))
    return bool(words) and pattern[0] in ("*", words[0]) and _matches(pattern[1:], words[1:])


class ExchangeKind(StrEnum):
    TOPIC = "topic"
    FANOUT = "fanout"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Exchange:
    name: str
    kind: ExchangeKind
    arguments: dict[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Queue:
    name: str
    arguments: dict[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class Binding:
    exchange: str
    queue: str
    routing_key: str = ""


@dataclass(frozen=True, slots=True)
class TopicRight:
    exchange: str
    write: str
    read: str = _NOTHING


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """`configure`, `write` and `read` are patterns over the names of exchanges and queues."""

    name: str
    configure: str = _NOTHING
    write: str = _NOTHING
    read: str = _NOTHING
    topics: tuple[TopicRight, ...] = ()


def _quorum(name: str, **arguments: str | int | bool) -> Queue:
    """A replicated queue that refuses what is over its limit, so that the relay keeps it, instead of dropping it."""
    return Queue(
        name,
        {
            "x-queue-type": "quorum",
            "x-max-length": _QUEUE_LIMIT,
            "x-overflow": "reject-publish",
            **{key.replace("_", "-"): value for key, value in arguments.items()},
        },
    )


EXCHANGES = (
    Exchange(DOMAIN_EVENTS, ExchangeKind.TOPIC, {"alternate-exchange": UNROUTED}),
    Exchange(UNROUTED, ExchangeKind.FANOUT),
    Exchange(DELIVERIES, ExchangeKind.FANOUT),
    Exchange(DEAD_LETTERS, ExchangeKind.DIRECT),
)

QUEUES = (
    *(_quorum(task_events_queue(lane), x_single_active_consumer=True) for lane in range(TASK_LANES)),
    _quorum(WORKER_USER_EVENTS, x_single_active_consumer=True),
    _quorum(TASK_SERVICE_USER_EVENTS, x_single_active_consumer=True),
    _quorum(WORKER_REQUESTS),
    _quorum(WORKER_DEAD_LETTERS),
    Queue(UNROUTED, {"x-queue-type": "quorum", "x-message-ttl": _WEEK_MS, "x-max-length": _QUEUE_LIMIT}),
    Queue(
        DELIVERIES,
        {
            "x-queue-type": "stream",
            "x-max-age": f"{DELIVERIES_AGE // timedelta(minutes=1)}m",
            "x-stream-max-segment-size-bytes": DELIVERIES_SEGMENT_BYTES,
        },
    ),
)

BINDINGS = (
    *(Binding(DOMAIN_EVENTS, task_events_queue(lane), f"task.*.{lane}") for lane in range(TASK_LANES)),
    Binding(DOMAIN_EVENTS, WORKER_USER_EVENTS, "user.registered"),
    Binding(DOMAIN_EVENTS, WORKER_USER_EVENTS, "user.renamed"),
    Binding(DOMAIN_EVENTS, WORKER_USER_EVENTS, "user.export_requested"),
    Binding(DOMAIN_EVENTS, WORKER_USER_EVENTS, "user.erased"),
    # What the task service asks of all holders it asks of itself too, and answers where it takes the others' answers.
    Binding(DOMAIN_EVENTS, TASK_SERVICE_USER_EVENTS, "user.export_requested"),
    Binding(DOMAIN_EVENTS, TASK_SERVICE_USER_EVENTS, "user.exported"),
    Binding(DOMAIN_EVENTS, TASK_SERVICE_USER_EVENTS, "user.erasure_completed"),
    Binding(DOMAIN_EVENTS, WORKER_USER_EVENTS, "session.ended"),
    Binding(DOMAIN_EVENTS, WORKER_REQUESTS, REQUESTS),
    Binding(DOMAIN_EVENTS, WORKER_REQUESTS, f"*.{REQUESTS}"),
    Binding(DOMAIN_EVENTS, DELIVERIES, "session.ended"),
    Binding(DELIVERIES, DELIVERIES),
    Binding(DEAD_LETTERS, WORKER_DEAD_LETTERS, NOTIFICATION_WORKER),
    # One queue for both services: one place where people look, and where an erasure has to look.
    Binding(DEAD_LETTERS, WORKER_DEAD_LETTERS, TASK_SERVICE),
    Binding(UNROUTED, UNROUTED),
)


def _exactly(*names: str) -> str:
    return f"^({'|'.join(name.replace('.', r'[.]') for name in names)})$"


USERS = (
    BrokerUser(
        TASK_SERVICE,
        write=_exactly(DOMAIN_EVENTS, DEAD_LETTERS),
        read=_exactly(TASK_SERVICE_USER_EVENTS),
        topics=(
            TopicRight(
                DOMAIN_EVENTS,
                write=r"^(task[.][a-z_]+[.][0-9]+|user[.](registered|renamed|export_requested|erased)|session[.]ended)$",
            ),
        ),
    ),
    BrokerUser(
        NOTIFICATION_WORKER,
        write=_exactly(DOMAIN_EVENTS, DELIVERIES, DEAD_LETTERS),
        # What nobody could handle or take may name a person who is erased; the worker looks through it.
        read=r"^(notification-worker[.].*|domain[.]unrouted)$",
        topics=(TopicRight(DOMAIN_EVENTS, write=r"^user[.](exported|erasure_completed)$"),),
    ),
    BrokerUser(WS_GATEWAY, read=_exactly(DELIVERIES)),
)


def service_named_by(routing_key: str) -> str | None:
    """Give the service whose own routing key for requests this is: the rights of all others forbid them to use it.

    So it proves who sent a message, for clients that cannot set `user_id`.
    """
    name, _, rest = routing_key.partition(".")
    return name if rest == REQUESTS else None


def user_of_another_service(name: str) -> BrokerUser:
    """Give the rights of another team's service: requests for notifications, and events under its own name.

    Raises:
        ValueError: the name is one of ours, begins routing keys of ours, or is none that patterns take as it is.
    """
    taken = _OUR_FIRST_WORDS | {user.name for user in USERS}
    if name in taken or not _SERVICE_NAME.fullmatch(name):
        raise ValueError(f"not a name for another service: {name!r}")
    return BrokerUser(
        name,
        write=_exactly(DOMAIN_EVENTS),
        topics=(TopicRight(DOMAIN_EVENTS, write=rf"^({REQUESTS.replace('.', '[.]')}|{name}[.].+)$"),),
    )
