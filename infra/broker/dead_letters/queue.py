"""The letters that wait, taken without losing them, and what becomes of each."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, AbstractIncomingMessage
from aio_pika.exceptions import (
    CONNECTION_EXCEPTIONS,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    DeliveryError,
    PublishError,
)
from aiormq.exceptions import ChannelAccessRefused

from contracts.topology import WORKER_DEAD_LETTERS
from infra.broker import BrokerAwayError, MessageNackedError, MessageUnroutableError
from infra.broker.connection import close, connect, endings_told
from infra.broker.dead_letters import DeadLettersError, MayNotReplayError
from infra.broker.dead_letters.letter import Letter
from infra.broker.publisher import CONFIRM_SECONDS

LIMIT = 1_000
"""How many letters are taken unless told otherwise."""

LARGEST_LIMIT = 10_000

_ANSWER_SECONDS = 10.0
_QUIET_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Taken:
    letter: Letter
    message: AbstractIncomingMessage


class DeadLetterQueue:
    """Letters taken from the queue; those that are not settled go back, in their order, when the block ends."""

    def __init__(self, connection: AbstractConnection, taken: Sequence[Taken]) -> None:
        self._connection = connection
        self._publishing: AbstractChannel | None = None
        self.taken = tuple(taken)

    @classmethod
    @asynccontextmanager
    async def open(cls, urls: Sequence[str], limit: int = LIMIT) -> AsyncIterator[Self]:
        """Take all letters that wait, `limit` at most, from the first broker that answers.

        Raises:
            BrokerAwayError: no broker answers, or it went away meanwhile.
            DeadLettersError: there is no such queue, or this user may not read it.
        """
        connection = await connect(urls, "dead letters")
        try:
            async with _trouble_told():
                channel = connection.channel(publisher_confirms=False)
                await channel.initialize(timeout=_ANSWER_SECONDS)
                try:
                    yield cls(connection, await _take(channel, limit))
                finally:
                    # The broker answers when it has done what was asked before; what was not settled is then back.
                    await channel.close()
        finally:
            await close(connection)

    async def replay(self, taken: Taken) -> None:
        """Send the letter's message as it was sent at first, and when that is confirmed remove the letter.

        Raises:
            MayNotReplayError: this user may not send in the name of others, or not there.
            MessageUnroutableError: no queue is bound for the message; the letter stays.
            MessageNackedError: the queue is full or in trouble; the letter stays.
        """
        letter = taken.letter
        try:
            exchange = await self._exchange(letter.exchange)
            await exchange.publish(letter.original, letter.routing_key, mandatory=True, timeout=CONFIRM_SECONDS)
        except PublishError as error:
            raise MessageUnroutableError(f"no queue is bound for {letter.routing_key!r}") from error
        except DeliveryError as error:
            raise MessageNackedError("a queue did not take the message (nack)") from error
        except ChannelPreconditionFailed as error:
            raise MayNotReplayError(
                f"this broker user may not send in the name of {letter.sender!r}: give it the tag `impersonator` "
                f"(rabbitmqctl set_user_tags <user> <its tags> impersonator). The broker says: {error}"
            ) from error
        except ChannelAccessRefused as error:
            raise MayNotReplayError(f"this broker user may not send to {letter.exchange!r}: {error}") from error
        except ChannelNotFoundEntity as error:
            raise DeadLettersError(f"there is no exchange {letter.exchange!r} any more: {error}") from error
        await self.drop(taken)

    async def drop(self, taken: Taken) -> None:
        """Remove the letter."""
        await taken.message.ack()

    async def _exchange(self, name: str) -> AbstractExchange:
        # A channel of its own: the broker closes it over a message that it will not have, and the letters are safe.
        if self._publishing is None or self._publishing.is_closed:
            self._publishing = self._connection.channel(publisher_confirms=True, on_return_raises=True)
            await self._publishing.initialize(timeout=_ANSWER_SECONDS)
        return await self._publishing.get_exchange(name, ensure=False)


async def _take(channel: AbstractChannel, limit: int) -> list[Taken]:
    """Take letters by a consumer that acknowledges none of them, until there are no more or the limit is reached.

    Letters that are given back with `nack`, or were taken with `get`, lose their place in a quorum queue; those of a
    consumer whose channel is closed do not. A `get` is used for its answer alone: that the queue holds no more.
    """
    await channel.set_qos(prefetch_count=limit, timeout=_ANSWER_SECONDS)
    queue = await channel.get_queue(WORKER_DEAD_LETTERS, ensure=False)
    arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    consumer = await queue.consume(arrived.put, timeout=_ANSWER_SECONDS)
    taken: list[Taken] = []
    said_empty = False
    while len(taken) < limit:
        try:
            async with asyncio.timeout(_QUIET_SECONDS):
                message: AbstractIncomingMessage | None = await arrived.get()
        except TimeoutError:
            if said_empty:
                break
            message = await queue.get(fail=False, timeout=_ANSWER_SECONDS)
            said_empty = message is None
        if message is not None:
            taken.append(Taken(Letter.read(message), message))
    # Or each letter that is settled would make room for another, also for one that comes back.
    await queue.cancel(consumer, timeout=_ANSWER_SECONDS)
    return taken


@asynccontextmanager
async def _trouble_told() -> AsyncIterator[None]:
    try:
        with endings_told():
            yield
    except (ChannelNotFoundEntity, ChannelAccessRefused) as error:
        raise DeadLettersError(f"{WORKER_DEAD_LETTERS} cannot be read: {error}") from error
    except (TimeoutError, *CONNECTION_EXCEPTIONS) as error:
        raise BrokerAwayError(f"the broker went away: {error!r}") from error
