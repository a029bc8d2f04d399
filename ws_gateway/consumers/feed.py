"""One consumer of the stream, on one connection.

RabbitMQ delivers a stream over AMQP 0-9-1 with each message's offset in the header `x-stream-offset`; `x-stream-offset`
among the consumer's arguments says where to start: an offset, a time, or `"last"`, the last chunk that was written.
Source: RabbitMQ's documentation, "Streams and Superstreams", "Consuming".
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import aiormq.abc
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from contracts.topology import DELIVERIES
from infra.broker import BrokerAwayError
from infra.broker.connection import CLOSE_SECONDS, endings_told

OFFSET = "x-stream-offset"
RPC_SECONDS = 5.0

EMPTY_SECONDS = 0.5
"""A stream that shows no last message for so long is taken for empty; a broker at rest answers within milliseconds."""

SHOWN_SECONDS = 5.0
"""How long a broker under load may take to show the last message to somebody who is in no hurry."""

_BATCH = 100

_ANSWERS = 10
"""So many for as many messages as the broker sends ahead. Each is a write that wakes the broker, which takes as long as
to push two frames or more."""


@dataclass(frozen=True, slots=True)
class Position:
    """A message of the stream: its offset, and a checksum to tell it from a message of another stream there."""

    offset: int
    checksum: int


@dataclass(frozen=True, slots=True)
class StreamMessage:
    offset: int
    type: str
    body: bytes
    delivery_tag: int
    message_id: str = ""

    @property
    def position(self) -> Position:
        """Say which message this is."""
        return Position(self.offset, zlib.crc32(self.body))


class Feed:
    """Messages from one place of the stream on. What the broker sends ahead is bounded by the prefetch."""

    def __init__(self, channel: aiormq.abc.AbstractChannel, prefetch: int) -> None:
        self._channel = channel
        self._prefetch = prefetch
        self._at_once = max(1, prefetch // _ANSWERS)
        self._done_with = 0
        self._done_tag = 0
        self._incoming: asyncio.Queue[StreamMessage | None] = asyncio.Queue()

    @classmethod
    @asynccontextmanager
    async def open(cls, connection: AbstractConnection, start: int | datetime, prefetch: int) -> AsyncIterator[Self]:
        """Consume from an offset or a time on, until the block ends.

        Raises:
            BrokerAwayError: the broker does not let us consume, or not now.
        """
        try:
            with endings_told():
                async with _channel(connection) as channel:
                    underlay = await channel.get_underlay_channel()
                    feed = cls(underlay, prefetch)
                    channel.close_callbacks.add(lambda *_: feed.end())
                    underlay.on_consumer_cancel_callbacks.add(lambda _: feed.end())
                    await feed.consume(start)
                    yield feed
        except (TimeoutError, *CONNECTION_EXCEPTIONS) as error:
            raise BrokerAwayError(f"the stream cannot be read: {error!r}") from error

    async def consume(self, start: int | datetime) -> None:
        """Begin; the broker's consent has come when this returns."""
        await self._channel.basic_qos(prefetch_count=self._prefetch, timeout=RPC_SECONDS)
        await self._channel.basic_consume(DELIVERIES, self._take, arguments={OFFSET: start}, timeout=RPC_SECONDS)

    @property
    def has_more(self) -> bool:
        """Whether messages have come that were not taken yet."""
        return not self._incoming.empty()

    def end(self) -> None:
        """Take the news that nothing more will come; what has come can still be taken."""
        self._incoming.put_nowait(None)

    async def batch(self) -> list[StreamMessage]:
        """Wait for a message, and take with it those that have come already.

        Raises:
            BrokerAwayError: the connection, the channel or the consumer is gone.
        """
        messages: list[StreamMessage] = []
        while not messages or (self.has_more and len(messages) < _BATCH):
            message = await self._incoming.get()
            if message is None:
                self._incoming.put_nowait(None)
                if messages:
                    break
                raise BrokerAwayError("the stream is not delivered any more")
            messages.append(message)
        return messages

    async def acknowledge(self, messages: list[StreamMessage]) -> None:
        """Ask for as many messages more, once they are enough for an answer.

        Raises:
            BrokerAwayError: the connection or the channel is gone.
        """
        self._done_with += len(messages)
        self._done_tag = messages[-1].delivery_tag
        if self._done_with >= self._at_once:
            await self.acknowledge_rest()

    async def acknowledge_rest(self) -> None:
        """Answer for what is done with, however little: the broker ends a channel that owes an answer for half an hour.

        Raises:
            BrokerAwayError: the connection or the channel is gone.
        """
        if not self._done_with:
            return
        self._done_with = 0
        try:
            with endings_told():
                await self._channel.basic_ack(self._done_tag, multiple=True, wait=False)
        except CONNECTION_EXCEPTIONS as error:
            raise BrokerAwayError(f"the stream cannot be read: {error!r}") from error

    async def last_offset(self) -> int | None:
        """Give the offset at which the last written chunk starts, or None for an empty stream.

        A second consumer is shown the last chunk. The broker serves the consumers of one channel from one process and
        in the order in which they came, so when the second of two such consumers has been shown a message, everything
        that the feed itself had to get at first is already here.
        """
        first = await _last_chunk(self._channel, EMPTY_SECONDS)
        return None if first is None else await _last_chunk(self._channel, EMPTY_SECONDS)

    async def _take(self, message: aiormq.abc.DeliveredMessage) -> None:
        self._incoming.put_nowait(
            StreamMessage(
                offset=_offset_of(message),
                type=message.header.properties.message_type or "",
                body=message.body,
                delivery_tag=message.delivery_tag or 0,
                message_id=message.header.properties.message_id or "",
            )
        )


async def newest_offset(connection: AbstractConnection) -> int | None:
    """Look from a channel of its own at which offset the last written chunk starts; None for an empty stream.

    Raises:
        BrokerAwayError: the broker does not answer, or not now.
    """
    try:
        with endings_told():
            async with _channel(connection) as channel:
                return await _last_chunk(await channel.get_underlay_channel(), SHOWN_SECONDS)
    except (TimeoutError, *CONNECTION_EXCEPTIONS) as error:
        raise BrokerAwayError(f"the end of the stream is not shown: {error!r}") from error


@asynccontextmanager
async def _channel(connection: AbstractConnection) -> AsyncIterator[AbstractChannel]:
    """Open a channel; it may be one that never answers again, so its end is not waited for without a bound."""
    channel = connection.channel(publisher_confirms=False)
    async with asyncio.timeout(RPC_SECONDS):
        await channel.initialize()
    try:
        yield channel
    finally:
        with suppress(TimeoutError, BrokerAwayError, *CONNECTION_EXCEPTIONS), endings_told():
            async with asyncio.timeout(CLOSE_SECONDS):
                await channel.close()


async def _last_chunk(channel: aiormq.abc.AbstractChannel, seconds: float) -> int | None:
    shown: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def show(message: aiormq.abc.DeliveredMessage) -> None:
        if not shown.done():
            shown.set_result(_offset_of(message))

    await channel.basic_qos(prefetch_count=1, timeout=RPC_SECONDS)
    consumer = await channel.basic_consume(DELIVERIES, show, arguments={OFFSET: "last"}, timeout=RPC_SECONDS)
    try:
        async with asyncio.timeout(seconds):
            return await shown
    except TimeoutError:
        return None
    finally:
        if consumer.consumer_tag is not None:
            await channel.basic_cancel(consumer.consumer_tag, timeout=RPC_SECONDS)


def _offset_of(message: aiormq.abc.DeliveredMessage) -> int:
    headers = message.header.properties.headers or {}
    offset = headers.get(OFFSET)
    if not isinstance(offset, int):
        raise TypeError("a message of a stream has an offset")
    return offset
