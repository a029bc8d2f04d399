"""The pool of connections to a service's own database."""

import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

POOL_CONNECTIONS = 10
POOL_WAIT_SECONDS = 5.0
CONNECT_SECONDS = 5
COMMAND_SECONDS = 30

QUIET_SECONDS = 10.0
"""A connection that nobody used for longer is asked whether it is still there; one in use says so by itself."""

_RETURNED_AT = "returned_at"

BY_INDEX = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off"}
"""Settings of a session that seeks everything by a key.

PostgreSQL plans a statement by how large its tables are, and keeps the plan for the session. Made while a table is
empty, that is to read it from end to end, and stays so, however it grows, until autovacuum has counted it.

Up to version 17 what is off counts as a cost so high that PostgreSQL compiles the few statements that cannot do without
it, each time they are sent: 0.4 s instead of 0.1 ms for one that reads a table of a single row. So that is off as well.
"""


def sqlalchemy_url(url: str) -> URL:
    """Give a `postgresql://` address as SQLAlchemy wants it, with asyncpg as the driver."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def create_engine(
    url: str,
    *,
    application_name: str,
    pool_connections: int = POOL_CONNECTIONS,
    pool_wait_seconds: float = POOL_WAIT_SECONDS,
    by_index: bool = False,
) -> AsyncEngine:
    """Make a pool that opens its connections when they are first needed.

    A transaction that idles for 5 s is ended by the server, and a lock is waited for 2 s at most, so that one stuck
    request cannot hold up the others for longer. Whoever finds the pool empty waits `pool_wait_seconds`, then fails.
    With `by_index` no statement reads a table whole that can be sought by a key (`BY_INDEX`).
    The text of an error does not hold the values of its statement, which may be personal.

    A connection that the server has ended is never handed out: the driver hears of the end, so nobody has to ask
    before each use. Who sends in the moment between the end and its news fails like those who were under way then.
    """
    engine = create_async_engine(
        sqlalchemy_url(url),
        pool_size=pool_connections,
        max_overflow=0,
        pool_timeout=pool_wait_seconds,
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": COMMAND_SECONDS,
            "server_settings": {
                "application_name": application_name,
                "idle_in_transaction_session_timeout": "5s",
                "lock_timeout": "2s",
                **(BY_INDEX if by_index else {}),
            },
        },
    )
    event.listen(engine.sync_engine, "checkout", _check)
    event.listen(engine.sync_engine, "checkin", _note_return)
    return engine


def _check(connection: Any, record: ConnectionPoolEntry, _: object) -> None:  # noqa: ANN401 (SQLAlchemy's adapter)
    """Refuse a dead connection; the pool then opens another in its place."""
    driver = record.driver_connection
    if driver is None or driver.is_closed():
        raise DisconnectionError("the server has ended the connection")
    returned_at = record.info.get(_RETURNED_AT)
    if returned_at is not None and time.monotonic() - returned_at > QUIET_SECONDS:
        try:
            connection.ping()
        except Exception as error:
            raise DisconnectionError("the connection does not answer") from error


def _note_return(_: object, record: ConnectionPoolEntry) -> None:
    record.info[_RETURNED_AT] = time.monotonic()
