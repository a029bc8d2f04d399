"""Waiting until everything that lies in the worker's queues now is applied."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import aio_pika
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, DeliveryError
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from contracts.envelope import CONTENT_TYPE
from contracts.events.notification import NotificationRequested, NotificationRequestedData
from infra.broker import BrokerAwayError
from infra.broker.connection import close, connect, endings_told, user_of
from infra.errors import UnavailableError
from notification_worker.commands.event_claims import is_processed
from notification_worker.commands.order import DRAINED, NOBODY
from notification_worker.consumers.lanes import COMPETING, LANES

_POLL_SECONDS = 0.02


class NotDrainedError(UnavailableError):
    """Some queue was not drained in time; its worker is away, or far behind."""


async def drain(database: AsyncEngine, operator_urls: Sequence[str], seconds: float) -> None:
    """Return when all that lay in the queues at the call has been applied, or is with the dead letters.

    A queue delivers in order, so a request for nobody is sent behind what lies in each; once it is recorded as applied,
    so is all before it, since it waits for events that take long. Of the queue that
    workers share, what another worker has in hand may end a moment later.

    Raises:
        NotDrainedError: not within `seconds`; the text names the queues.
        BrokerAwayError: the broker does not take the requests.
    """
    marks = await _send_marks(operator_urls)
    try:
        async with asyncio.timeout(seconds):
            while marks:
                async with database.connect() as connection:
                    for queue, mark in list(marks.items()):
                        if await is_processed(connection, mark):
                            del marks[queue]
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError as error:
        raise NotDrainedError(f"not drained after {seconds:g} s: {', '.join(marks)}") from error


async def _send_marks(operator_urls: Sequence[str]) -> dict[str, NotificationRequested]:
    connection = await connect(operator_urls, "drain")
    try:
        sender = user_of(connection)
        marks = {queue: _mark(sender) for queue in (*LANES, COMPETING)}
        with endings_told():
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            for queue, mark in marks.items():
                message = aio_pika.Message(
                    mark.model_dump_json().encode(),
                    content_type=CONTENT_TYPE,
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                    message_id=mark.id,
                    type=mark.type,
                    user_id=sender,
                )
                await channel.default_exchange.publish(message, queue, mandatory=True)
    except (DeliveryError, *CONNECTION_EXCEPTIONS) as error:
        raise BrokerAwayError(f"the broker does not take what marks the end of each queue: {error!r}") from error
    finally:
        await close(connection)
    return marks


def _mark(sender: str) -> NotificationRequested:
    return NotificationRequested(
        id=str(uuid7()),
        source=f"/{sender}",
        time=datetime.now(UTC),
        data=NotificationRequestedData(recipients=(NOBODY,), kind=DRAINED, message="Everything before this is applied"),
    )
