"""One queue of the worker: a FastStream subscriber on a channel of its own, attached and let go as a whole."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aiormq
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel
from faststream import AckPolicy
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitQueue
from faststream.rabbit.annotations import RabbitMessage

from infra.broker.connection import CLOSE_SECONDS, CONNECT_SECONDS
from infra.consuming.received import Hold, Received

PREFETCH = 200
"""How many messages of a queue are with us unacknowledged at most, and so how many handlers run."""

ANSWER_SECONDS = 1.0

Handle = Callable[[Received], Awaitable[None]]


async def _whole_message(message: RabbitMessage) -> AbstractIncomingMessage:
    """Hand the whole message over as its body: with further parameters FastStream loses the order of the handlers."""
    return message.raw_message


class Lane:
    def __init__(self, broker: RabbitBroker, queue: str, handle: Handle, prefetch: int = PREFETCH) -> None:
        self.queue = queue
        self._broker = broker
        self._settings = Channel(prefetch_count=prefetch)
        self._channel: AbstractRobustChannel | None = None
        self._hold = Hold()
        self._subscriber = broker.subscriber(
            RabbitQueue(queue, queue_type=QueueType.QUORUM, declare=False),
            channel=self._settings,
            ack_policy=AckPolicy.MANUAL,
            decoder=_whole_message,
            no_reply=True,
        )

        async def on_message(message: Any) -> None:  # noqa: ANN401 (FastStream reads the annotation)
            hold = self._hold
            if hold.take(message):
                await handle(Received(message, queue, hold))

        self._subscriber(on_message)

    async def attach(self) -> None:
        """Consume from the queue; it may deliver at once, or when the consumers before us are gone."""
        self._hold = Hold()
        async with asyncio.timeout(CONNECT_SECONDS):
            if self._channel is None:
                await self._subscriber.start()
                self._channel = await self._broker.config.channel_manager.get_channel(self._settings)
            else:
                # Opens the same channel anew, with its prefetch and its consumer.
                await self._channel.reopen()

    async def let_go(self) -> None:
        """Close the channel: what is not acknowledged goes back to the queue in its place, and the next may go on."""
        self._hold.ended = True
        if self._channel is not None and not self._channel.is_closed:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._channel.close()

    async def is_attached(self) -> bool:
        """Say whether the broker counts us among the queue's consumers, as far as it has told us, and we see all."""
        if self._channel is None or self._channel.is_closed or self._hold.missed:
            return False
        # While the connection is lost, this waits for another, which never comes.
        async with asyncio.timeout(ANSWER_SECONDS):
            underlay = cast("aiormq.Channel", await self._channel.get_underlay_channel())
        return bool(underlay.consumers)
