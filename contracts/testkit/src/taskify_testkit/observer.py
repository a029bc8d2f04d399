"""A second pair of ears at the broker: what is sent to Taskify, what nobody takes, and what becomes a dead letter.

Its queues are its own and vanish with its connection. They are bound where a queue of Taskify is bound already, so that
a message goes to just those other queues to which it would have gone without them.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, partial
from uuid import uuid4

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

from taskify_testkit.facts import Json, broker

REMEMBERED = 10_000
"""How many messages are remembered; the oldest go."""


class Where(Enum):
    ROUTED = "to a queue of Taskify"
    UNROUTED = "to nobody"
    DEAD = "to the dead letters"


@dataclass(frozen=True)
class Heard:
    """`number` counts everything that was heard; `headers` are those that are text."""

    number: int
    where: Where
    routing_key: str
    user_id: str | None
    message_id: str | None
    headers: dict[str, str]
    body: bytes
    type: str | None = None
    content_type: str | None = None
    persistent: bool = True

    @cached_property
    def event(self) -> Json:
        """The body, read once; empty if it is no object of JSON."""
        try:
            read = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}

    @cached_property
    def name(self) -> str:
        """By which Taskify knows what it has seen: source and id, whatever they are."""
        return repr((self.event.get("source"), self.event.get("id")))


class Observer:
    """Hears everything from its start on."""

    def __init__(self) -> None:
        self._heard: deque[Heard] = deque(maxlen=REMEMBERED)
        self._count = 0
        self._channel: AbstractChannel | None = None
        self._queues: list[str] = []
        self._asked: dict[str, asyncio.Event] = {}

    async def listen(self, connection: AbstractConnection) -> None:
        """Begin to hear; it ends with the connection. Who calls this bounds it."""
        self._channel = channel = await connection.channel()
        facts = broker()
        letters = (facts.dead_letters_routing_key,)
        self._queues = [
            await _bind(channel, facts.events_exchange, facts.bound_routing_keys, partial(self._hear, Where.ROUTED)),
            await _bind(channel, facts.unrouted_exchange, ("",), partial(self._hear, Where.UNROUTED)),
            await _bind(channel, facts.dead_letters_exchange, letters, partial(self._hear, Where.DEAD)),
        ]

    async def catch_up(self) -> None:
        """Wait until everything was heard that the broker has confirmed by now. Who calls this bounds it.

        A message of its own, sent straight to each queue, lies behind all that is in it.
        """
        if self._channel is None:
            raise RuntimeError("the observer catches up after it has begun to listen")
        asked = {str(uuid4()): queue for queue in self._queues}
        self._asked.update({number: asyncio.Event() for number in asked})
        try:
            for number, queue in asked.items():
                await self._channel.default_exchange.publish(Message(b"", correlation_id=number), queue)
            for number in asked:
                await self._asked[number].wait()
        finally:
            for number in asked:
                del self._asked[number]

    @property
    def now(self) -> int:
        """The number of what will be heard next."""
        return self._count

    def since(self, number: int) -> list[Heard]:
        """Give what was heard from a number on."""
        return [each for each in self._heard if each.number >= number]

    def tasks_since(self, number: int) -> list[str]:
        """Give the ids of the tasks that an event was about, each once."""
        events = (each.event for each in self.since(number) if each.routing_key.startswith("task."))
        return list(dict.fromkeys(event["subject"] for event in events))

    async def _hear(self, where: Where, message: AbstractIncomingMessage) -> None:
        if not message.exchange:
            if asked := self._asked.get(message.correlation_id or ""):
                asked.set()
            return
        headers = {name: value for name, value in message.headers.items() if isinstance(value, str)}
        self._heard.append(
            Heard(
                self._count,
                where,
                message.routing_key or "",
                message.user_id,
                message.message_id,
                headers,
                message.body,
                message.type,
                message.content_type,
                message.delivery_mode == DeliveryMode.PERSISTENT,
            )
        )
        self._count += 1


async def _bind(
    channel: AbstractChannel,
    exchange: str,
    routing_keys: tuple[str, ...],
    hear: Callable[[AbstractIncomingMessage], Awaitable[None]],
) -> str:
    queue = await channel.declare_queue(exclusive=True)
    for key in routing_keys:
        await queue.bind(exchange, key)
    await queue.consume(hear, no_ack=True)
    return queue.name
