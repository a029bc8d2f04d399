"""A FastStream broker on one connection, and the lanes on it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from faststream.rabbit import RabbitBroker
from yarl import URL

from infra.broker import BrokerAwayError
from infra.broker.connection import CLOSE_SECONDS, CONNECT_SECONDS, HEARTBEAT_SECONDS, endings_told
from infra.broker.strangers import read_strangers
from infra.consuming.lane import PREFETCH, Handle, Lane

TROUBLE = (TimeoutError, BrokerAwayError, *CONNECTION_EXCEPTIONS)
"""What says that connection or broker are in trouble."""

_NEVER_SECONDS = 365 * 24 * 3600.0
"""FastStream's connection would repair itself, always on the same address; ours is replaced by one on the next."""


@dataclass(frozen=True, slots=True)
class Connection:
    """`lost` is set when the connection is gone for good."""

    lanes: tuple[Lane, ...]
    lost: asyncio.Event


@asynccontextmanager
async def connected(
    urls: Sequence[str], name: str, queues: Sequence[str], handle: Handle, prefetch: int = PREFETCH
) -> AsyncIterator[Connection]:
    """Connect to the first address that answers, with no lane attached; at the end let go of all that are.

    Raises:
        BrokerAwayError: no address answers, or the connection ended in the middle of something.
    """
    lost = asyncio.Event()
    broker = await _connect(urls, name, lost)
    lanes = tuple(Lane(broker, queue, handle, prefetch) for queue in queues)
    try:
        with endings_told():
            yield Connection(lanes, lost)
    finally:
        with suppress(*TROUBLE):
            async with asyncio.timeout(CLOSE_SECONDS):
                for lane in lanes:
                    with suppress(BrokerAwayError, *CONNECTION_EXCEPTIONS), endings_told():
                        await lane.let_go()
        try:
            with endings_told():
                async with asyncio.timeout(CLOSE_SECONDS):
                    await broker.stop()
        except* TROUBLE:
            # What each subscriber met comes in a group.
            pass


async def _connect(urls: Sequence[str], name: str, lost: asyncio.Event) -> RabbitBroker:
    read_strangers()
    errors = []
    for url in urls:
        address = URL(url).update_query(heartbeat=HEARTBEAT_SECONDS, name=name)
        broker = RabbitBroker(
            str(address),
            reconnect_interval=_NEVER_SECONDS,
            graceful_timeout=None,
            on_close=[lambda *_: lost.set()],
            # Handlers get the message as it is: nothing is injected, and nothing logs what is in it.
            apply_types=False,
            logger=None,
        )
        try:
            with endings_told():
                async with asyncio.timeout(CONNECT_SECONDS):
                    await broker.connect()
        except TROUBLE as error:
            errors.append(f"{address.host}:{address.port}: {error!r}")
        else:
            return broker
    raise BrokerAwayError(f"no broker answers ({'; '.join(errors)})")
