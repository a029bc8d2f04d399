"""The transaction of a use case, and the wake-up of the relay after it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from infra.database.direct import DirectConnection, lent
from infra.outbox.message import OutboxMessage
from infra.outbox.writer import append
from task_service.models import outbox


def session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Make the sessions of all commands and queries.

    What a command has made can still be read after its commit, since the answer is made then. Nothing is sent to the
    database before `Work.record` or the commit: a query in the middle of a change must not send half of it.
    """
    return async_sessionmaker(engine, expire_on_commit=False, autoflush=False)


def reading_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Make the sessions of what only reads: each statement is a transaction of its own, without a begin and an end."""
    return session_factory(engine.execution_options(isolation_level="AUTOCOMMIT"))


@dataclass(slots=True)
class Work:
    """The running transaction; what is read, changed and recorded in it happens wholly or not at all."""

    session: AsyncSession
    recorded: bool = False

    async def record(self, *messages: OutboxMessage) -> None:
        """Put events into the outbox, after what was changed so far was sent to the database."""
        await append(self.session, outbox, messages)
        self.recorded = self.recorded or bool(messages)


@dataclass(slots=True)
class DirectWork:
    """A connection for a use case that sends its own statements; it says by `recorded` that it has added an event."""

    connection: DirectConnection
    recorded: bool = False


class UnitOfWork:
    """Opens transactions. `notify` tells the relay that there is something new; it must not wait nor fail."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], notify: Callable[[], None]) -> None:
        self._sessions = sessions
        self._database: AsyncEngine = sessions.kw["bind"]
        self._notify = notify

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Work]:
        """Commit when the block ends, roll back when it raises; the relay is woken only after the commit."""
        async with self._sessions.begin() as session:
            work = Work(session)
            yield work
        if work.recorded:
            self._notify()

    @asynccontextmanager
    async def direct(self) -> AsyncIterator[DirectWork]:
        """Lend a connection for what many requests do, without the cost of keeping track of objects.

        Each statement is a transaction of its own, unless the use case begins one. The relay is woken after the block.
        """
        async with lent(self._database) as connection:
            work = DirectWork(connection)
            yield work
        if work.recorded:
            self._notify()
