"""Remove from the broker what nobody could handle, or take, where it names a person who is erased."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from uuid import UUID

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, ChannelNotFoundEntity
from aiormq.exceptions import ChannelAccessRefused

from contracts.topology import UNROUTED, WORKER_DEAD_LETTERS
from infra.broker import BrokerAwayError
from infra.broker.connection import close, connect, endings_told
from infra.errors import InfraError
from notification_worker.commands.erased_people import is_of_an_erasure

QUEUES = (WORKER_DEAD_LETTERS, UNROUTED)

MOST = 60_000
"""The most messages of a queue that are looked at: what is held unacknowledged has to fit AMQP's prefetch."""

MOST_BYTES = 64_000_000
"""The most that may wait in our memory to be looked at; what was looked at is held by the broker alone."""

_ANSWER_SECONDS = 10.0
_QUIET_SECONDS = 0.5


class TooManyLettersError(InfraError):
    """A queue holds more than can be looked through; somebody has to empty it first."""


class _Arrived:
    """What has come from a queue and was not looked at yet."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[AbstractIncomingMessage | None] = asyncio.Queue()
        self._bytes = 0

    async def put(self, message: AbstractIncomingMessage) -> None:
        """Keep a message, unless too much waits already; then tell whoever takes."""
        if self._bytes > MOST_BYTES:
            self._messages.put_nowait(None)
            return
        self._bytes += len(message.body)
        self._messages.put_nowait(message)

    async def take(self) -> AbstractIncomingMessage:
        """Take the first.

        Raises:
            TooManyLettersError: more came at once than may wait.
        """
        message = await self._messages.get()
        if message is None:
            raise TooManyLettersError(f"more than {MOST_BYTES} bytes came before they could be looked at")
        self._bytes -= len(message.body)
        return message


async def remove_letters(urls: Sequence[str], people: AbstractSet[UUID], most: int = MOST) -> Counter[UUID]:
    """Remove every message that names one of these people; say for each how many there were.

    Messages that another consumer holds at this moment are not seen.

    Raises:
        BrokerAwayError: no broker answers, or it went away meanwhile, or these queues are not ours to read.
        TooManyLettersError: a queue holds more than `most` messages of others, or more came at once than
            `MOST_BYTES`.
    """
    removed = Counter(dict.fromkeys(people, 0))
    connection = await connect(urls, "erasure")
    try:
        for queue in QUEUES:
            async with _trouble_told(queue):
                channel = connection.channel(publisher_confirms=False)
                await channel.initialize(timeout=_ANSWER_SECONDS)
                try:
                    await _look_through(channel, queue, people, removed, most)
                finally:
                    # What was not acknowledged is back in its place when the broker has answered this.
                    await channel.close()
    finally:
        await close(connection)
    return removed


def people_named(message: AbstractIncomingMessage, people: AbstractSet[UUID]) -> frozenset[UUID]:
    """Say which of these people a message names by their id, in whatever it holds: a name never comes without."""
    words = message.body.lower() + repr(message.headers).lower().encode()
    named = frozenset(one for one in people if str(one).encode() in words or one.hex.encode() in words)
    return frozenset() if named and is_of_an_erasure(message.body) else named


async def _look_through(
    channel: AbstractChannel, name: str, people: AbstractSet[UUID], removed: Counter[UUID], most: int
) -> None:
    """Take everything without acknowledging it, but what names somebody.

    Letters that are given back one by one lose their place in a quorum queue; those of a channel that is closed do
    not. A `get` is used for its answer alone: that the queue holds no more.
    """
    await channel.set_qos(prefetch_count=most, timeout=_ANSWER_SECONDS)
    queue = await channel.get_queue(name, ensure=False)
    arrived = _Arrived()
    consumer = await queue.consume(arrived.put, timeout=_ANSWER_SECONDS)
    kept, said_empty = 0, False
    while True:
        try:
            async with asyncio.timeout(_QUIET_SECONDS):
                message: AbstractIncomingMessage | None = await arrived.take()
        except TimeoutError:
            if said_empty:
                break
            message = await queue.get(fail=False, timeout=_ANSWER_SECONDS)
            said_empty = message is None
        if message is None:
            continue
        if named := people_named(message, people):
            await message.ack()
            removed.update(named)
            continue
        kept += 1
        if kept >= most:
            raise TooManyLettersError(f"{name} holds {most} messages or more")
    await queue.cancel(consumer, timeout=_ANSWER_SECONDS)


@asynccontextmanager
async def _trouble_told(queue: str) -> AsyncIterator[None]:
    try:
        with endings_told():
            yield
    except (ChannelNotFoundEntity, ChannelAccessRefused) as error:
        raise BrokerAwayError(f"{queue} cannot be read: {error}") from error
    except (TimeoutError, *CONNECTION_EXCEPTIONS) as error:
        raise BrokerAwayError(f"the broker went away: {error!r}") from error
