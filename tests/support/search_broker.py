"""Looks through everything that a broker holds, and takes nothing away."""

import asyncio
from collections.abc import Sequence

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from contracts.topology import DELIVERIES, QUEUES

_QUIET_SECONDS = 1.0
_QUIET_ALONE_SECONDS = 3.0
"""A queue with a single active consumer does not answer whether it holds more."""

_PREFETCH = 60_000
_SINGLE = {queue.name for queue in QUEUES if queue.arguments.get("x-single-active-consumer")}


async def messages_naming(administrator_url: str, words: Sequence[str]) -> list[str]:
    """Give `queue: how many` for each queue that holds one of the words, in whatever case, in a body or a header.

    Of a queue with a single active consumer nothing is seen while a service consumes from it.
    """
    searched = await asyncio.gather(*(messages_of(administrator_url, queue.name) for queue in QUEUES))
    found = []
    for queue, held in zip(QUEUES, searched, strict=True):
        count = sum(any(word.lower() in _text(message) for word in words) for message in held)
        if count:
            found.append(f"{queue.name}: {count}")
    return found


async def messages_of(administrator_url: str, queue: str) -> list[AbstractIncomingMessage]:
    """Give what a queue holds, the oldest first; the stream from its first segment on."""
    async with await aio_pika.connect(administrator_url) as connection, connection.channel() as channel:
        await channel.set_qos(prefetch_count=_PREFETCH)
        if queue == DELIVERIES:
            return await _read_stream(channel)
        return await _look(channel, queue)


async def _look(channel: AbstractChannel, name: str) -> list[AbstractIncomingMessage]:
    """Take all without acknowledging any; they go back to their places with the channel."""
    queue = await channel.get_queue(name, ensure=False)
    arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    await queue.consume(arrived.put)
    messages: list[AbstractIncomingMessage] = []
    alone = name in _SINGLE
    while True:
        try:
            async with asyncio.timeout(_QUIET_ALONE_SECONDS if alone else _QUIET_SECONDS):
                messages.append(await arrived.get())
        except TimeoutError:
            if alone:
                return messages
            more = await queue.get(fail=False)
            if more is not None:
                messages.append(more)
            elif arrived.empty():
                return messages


async def _read_stream(channel: AbstractChannel) -> list[AbstractIncomingMessage]:
    """Read up to a message of our own, which is no message of anybody's."""
    queue = await channel.get_queue(DELIVERIES, ensure=False)
    end = "the-end-of-a-search"
    await channel.default_exchange.publish(aio_pika.Message(b"", type=end), DELIVERIES)
    arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    await queue.consume(arrived.put, arguments={"x-stream-offset": "first"})
    messages: list[AbstractIncomingMessage] = []
    async with asyncio.timeout(60):
        last = await _newest_end(channel, end)
        while not messages or _offset(messages[-1]) < last:
            messages.append(await arrived.get())
    return [message for message in messages if message.type != end]


async def _newest_end(channel: AbstractChannel, end: str) -> int:
    """Give the offset of the last of our own messages."""
    queue = await channel.get_queue(DELIVERIES, ensure=False)
    found: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    tag = await queue.consume(found.put, arguments={"x-stream-offset": "last"})
    while True:
        message = await found.get()
        if message.type == end:
            await queue.cancel(tag)
            return _offset(message)


def _offset(message: AbstractIncomingMessage) -> int:
    return int(str(message.headers["x-stream-offset"]))


def _text(message: AbstractIncomingMessage) -> str:
    return f"{message.body.decode(errors='replace')} {message.headers}".lower()
