"""One raw connection to the database, for what needs a session of its own: a lock, a listener, a notification."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg

from infra.backoff import full_jitter
from infra.database.engine import BY_INDEX
from infra.database.errors import is_database_away
from infra.errors import UnavailableError
from infra.telemetry.logging import get_logger
from infra.waiting import any_set

CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 3.0
CLOSE_SECONDS = 1.0

_BACKOFF_SECONDS = 0.1
_BACKOFF_CAP_SECONDS = 5.0

_SETTINGS = {
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "5s",
    # The outbox is empty most of the time and statistics say so: without this, a backlog is read and sorted whole for
    # each batch. With it, the batch comes from the primary key, and what it must wait for from the partial index.
    **BY_INDEX,
    "enable_bitmapscan": "off",
    "enable_sort": "off",
}

log = get_logger("outbox.session")


class DatabaseAwayError(UnavailableError):
    """The database does not answer, or has ended this session."""


class Session:
    """Runs one statement after the other, each its own transaction; `lost` is set when the connection is gone.

    Whatever goes wrong with the connection or with a time limit ends the session: nobody can tell then what it still
    holds, so its owner opens another.
    """

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self.answered_at = time.monotonic()
        self.lost = asyncio.Event()
        connection.add_termination_listener(lambda _: self.lost.set())

    @property
    def backend_pid(self) -> int:
        """The number of the server process behind this session."""
        return self._connection.get_server_pid()

    async def fetch(self, statement: str, *values: object) -> Sequence[asyncpg.Record]:
        """Run a statement and give its rows.

        Raises:
            DatabaseAwayError: the session is lost, or was just now.
        """
        async with self._turn:
            if self.lost.is_set():
                raise DatabaseAwayError("the database session is lost")
            try:
                rows = await self._connection.fetch(statement, *values, timeout=STATEMENT_SECONDS)
            except Exception as error:
                if not is_database_away(error):
                    raise
                self.terminate()
                raise DatabaseAwayError(f"the database is away: {error!r}") from error
            self.answered_at = time.monotonic()
            return rows

    async def listen(self, channel: str, heard: asyncio.Event) -> None:
        """Set an event at every notification on a channel.

        Raises:
            DatabaseAwayError: the session is lost.
        """
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                await self._connection.add_listener(channel, lambda *_: heard.set())
        except Exception as error:
            if not is_database_away(error):
                raise
            self.terminate()
            raise DatabaseAwayError(f"the database is away: {error!r}") from error

    def terminate(self) -> None:
        """Drop the connection at once; the server then frees what the session holds."""
        self.lost.set()
        self._connection.terminate()

    async def close(self) -> None:
        """Say goodbye to the server, or drop the connection after `CLOSE_SECONDS`."""
        self.lost.set()
        try:
            await self._connection.close(timeout=CLOSE_SECONDS)
        except Exception as error:
            self._connection.terminate()
            if not is_database_away(error):
                raise


async def open_session(database_url: str, application_name: str) -> Session:
    """Open a session; poolers in transaction mode will not do, since locks and listeners belong to a session.

    Raises:
        DatabaseAwayError: the database does not let us in now.
    """
    settings: dict[str, Any] = {**_SETTINGS, "application_name": application_name}
    try:
        return Session(await asyncpg.connect(database_url, timeout=CONNECT_SECONDS, server_settings=settings))
    except Exception as error:
        if not is_database_away(error):
            raise
        raise DatabaseAwayError(f"the database is away: {error!r}") from error


async def work_in_sessions(
    database_url: str,
    application_name: str,
    work: Callable[[Session], Awaitable[None]],
    stop: asyncio.Event,
) -> None:
    """Do some work in a session, again in a new one whenever it is lost or the work returns, until the stop."""
    pauses = full_jitter(_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS)
    while not stop.is_set():
        try:
            session = await open_session(database_url, application_name)
            pauses = full_jitter(_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS)
            try:
                await work(session)
            finally:
                await session.close()
        except DatabaseAwayError as error:
            log.warning("database_away", session=application_name, error=str(error))
        await any_set(stop, seconds=next(pauses))
