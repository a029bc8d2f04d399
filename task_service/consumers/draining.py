"""Waiting until everything that lies in this service's queue now is applied."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import aio_pika
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, DeliveryError

from contracts.topology import TASK_SERVICE_USER_EVENTS
from infra.broker import BrokerAwayError
from infra.broker.connection import close, connect, endings_told
from infra.errors import UnavailableError
from infra.outbox.session import open_session
from infra.waiting import any_set
from task_service.commands.pass_mark import channel_of
from task_service.consumers.reading import MARK


class NotDrainedError(UnavailableError):
    """The queue was not drained in time: the process of the task relay, which takes from it, is away or far behind."""


async def drain(database_url: str, operator_urls: Sequence[str], seconds: float) -> None:
    """Return when all that lay in the queue at the call has been applied, or is with the dead letters.

    The queue delivers in order, to one consumer, which takes one message after the other. So a mark is sent behind what
    lies in it, and when the consumer tells that it has reached the mark, all before it is done.

    Raises:
        NotDrainedError: not within `seconds`.
        BrokerAwayError: the broker does not take the mark.
        DatabaseAwayError: the database does not answer.
    """
    mark = uuid4().hex
    session = await open_session(database_url, "drain")
    try:
        await session.listen(channel_of(mark), reached := asyncio.Event())
        await _send(operator_urls, mark)
        await any_set(reached, session.lost, seconds=seconds)
    finally:
        await session.close()
    if not reached.is_set():
        raise NotDrainedError(f"not drained after {seconds:g} s: {TASK_SERVICE_USER_EVENTS}")


async def _send(operator_urls: Sequence[str], mark: str) -> None:
    connection = await connect(operator_urls, "drain")
    try:
        message = aio_pika.Message(
            b"", delivery_mode=aio_pika.DeliveryMode.PERSISTENT, message_id=mark, type=MARK, content_type="text/plain"
        )
        with endings_told():
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            await channel.default_exchange.publish(message, TASK_SERVICE_USER_EVENTS, mandatory=True)
    except (DeliveryError, *CONNECTION_EXCEPTIONS) as error:
        raise BrokerAwayError(f"the broker does not take what marks the end of the queue: {error!r}") from error
    finally:
        await close(connection)
