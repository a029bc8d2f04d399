"""One queue of a service, consumed on a channel of its own, attached and let go as a whole."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import aiormq
from aio_pika.abc import AbstractRobustChannel
from aiormq.abc import DeliveredMessage
from faststream.rabbit import Channel, RabbitBroker

from infra.broker.connection import CLOSE_SECONDS, CONNECT_SECONDS
from infra.consuming.received import Hold, Received

PREFETCH = 200
"""How many messages of a queue are with us unacknowledged at most: handled, or handed over and not committed yet."""

ANSWER_SECONDS = 1.0

Handle = Callable[[Received], Awaitable[None]]


class Lane:
    """The connection and its channels are FastStream's. Its subscribers are not used: see decision 13."""

    def __init__(self, broker: RabbitBroker, queue: str, handle: Handle, prefetch: int = PREFETCH) -> None:
        self.queue = queue
        self._broker = broker
        self._handle = handle
        self._settings = Channel(prefetch_count=prefetch)
        self._channel: AbstractRobustChannel | None = None
        self._hold = Hold()

    async def attach(self) -> None:
        """Consume from the queue; it may deliver at once, or when the consumers before us are gone."""
        self._hold = Hold()
        async with asyncio.timeout(CONNECT_SECONDS):
            if self._channel is None:
                self._channel = await self._broker.config.channel_manager.get_channel(self._settings)
            else:
                # Opens the same channel anew, with its prefetch.
                await self._channel.reopen()
            underlay = await self._channel.get_underlay_channel()
            await underlay.basic_consume(self.queue, self._on_delivery)

    async def _on_delivery(self, delivered: DeliveredMessage) -> None:
        """Hand a message over. The library starts these in the order of the deliveries, and none gives way before."""
        hold = self._hold
        if hold.take(delivered):
            received = Received(delivered, self.queue, hold)
            await received.see_to(self._handle(received))

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
