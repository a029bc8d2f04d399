"""A connection to the broker."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import aio_pika
import aio_pika.abc
from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from yarl import URL

from infra.broker import BrokerAwayError
from infra.broker.strangers import read_strangers

CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 2.0

_GOODBYE_SECONDS = 1.5
"""How long of `CLOSE_SECONDS` the broker has to answer our goodbye."""

HEARTBEAT_SECONDS = 10
"""The broker drops a silent client after two of these."""


async def connect(urls: Sequence[str], name: str) -> aio_pika.abc.AbstractConnection:
    """Connect to the first address that answers; `name` is what the broker shows of the connection.

    The connection is a plain one: when it breaks it stays broken, and its owner opens another. Robust connections
    repair themselves behind their owner's back, and repeat or miss what was under way.

    Raises:
        BrokerAwayError: no address answers in `CONNECT_SECONDS` each, or none lets us in.
    """
    read_strangers()
    errors = []
    for url in urls:
        address = URL(url).update_query(heartbeat=HEARTBEAT_SECONDS, name=name)
        # Not `aio_pika.connect`: when that fails, it leaves a half-made connection to the garbage collector.
        connection = aio_pika.Connection(address)
        try:
            with endings_told():
                async with asyncio.timeout(CONNECT_SECONDS):
                    await connection.connect()
        except (TimeoutError, BrokerAwayError, *CONNECTION_EXCEPTIONS) as error:
            errors.append(f"{address.host}:{address.port}: {error!r}")
            await close(connection)
        except BaseException:
            await close(connection)
            raise
        else:
            return connection
    raise BrokerAwayError(f"no broker answers ({'; '.join(errors)})")


async def close(connection: aio_pika.abc.AbstractConnection) -> None:
    """Close a connection, in `CLOSE_SECONDS` at most, whatever state it is in."""
    try:
        # Cancelled once, the client library's writer waits for its buffer to empty, which never happens when the
        # broker is frozen, and lets nobody through who waits for it. The second cancel ends that.
        with endings_told():
            async with asyncio.timeout(CLOSE_SECONDS), asyncio.timeout(_GOODBYE_SECONDS):
                await connection.close()
    except (TimeoutError, BrokerAwayError, *CONNECTION_EXCEPTIONS):
        return


@contextmanager
def endings_told() -> Iterator[None]:
    """Raise `BrokerAwayError` where the client library raises a bare `Exception`.

    With that it ends what is under way on a connection that was closed while nobody says why. It is no error of its own
    kinds, so whoever lists those would not catch it, and it would end the process.
    """
    try:
        yield
    except Exception as error:
        if type(error) is not Exception:
            raise
        raise BrokerAwayError("the connection was closed, and nobody says why") from error


def user_of(connection: aio_pika.abc.AbstractConnection) -> str:
    """Give the broker user whose connection this is."""
    transport = connection.transport
    if transport is None:
        raise BrokerAwayError("the connection is closed")
    return transport.connection.url.user or "guest"
