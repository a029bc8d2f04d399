"""Statements that go straight to the driver, over the same pool: for the few that every request sends.

SQLAlchemy costs about four times as much as the driver for a short statement, and opens a transaction for each, whose
begin and end are two more round trips. A single statement needs neither. Everything else stays with SQLAlchemy.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.elements import ClauseElement

from infra.database.engine import sqlalchemy_url
from infra.database.errors import is_database_away, sql_state

Result = TypeVar("Result")
Record = asyncpg.Record

_ENDED = ("08", "57P")
"""States of a connection that is no more: connection exceptions, and an administrator's or a crash's end of it."""

_TROUBLE = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What the driver and the connection raise, besides what the server says."""

_dialect = sqlalchemy_url("postgresql://").get_dialect()()


class Statement:
    """A statement, compiled once. What it binds is given by name when it is sent.

    Values go to the driver as they are: a statement must not need SQLAlchemy's own translation of a type.
    """

    __slots__ = ("_constants", "_names", "text")

    def __init__(self, statement: ClauseElement) -> None:
        compiled: Any = statement.compile(dialect=_dialect, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self._names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self._constants = {name: value for name, value in compiled.params.items() if not compiled.binds[name].required}

    def arguments(self, values: dict[str, Any]) -> tuple[Any, ...]:
        """Give the values in the order in which the statement takes them; one that is missing is a `KeyError`."""
        known = {**self._constants, **values}
        return tuple(known[name] for name in self._names)


class DirectConnection:
    """A connection of the pool while it is lent."""

    __slots__ = ("_driver",)

    def __init__(self, driver: "asyncpg.Connection[Record]") -> None:
        self._driver = driver

    async def fetch(self, statement: Statement, **values: Any) -> list[Record]:  # noqa: ANN401 (what the columns take)
        """Send a statement, and give its rows."""
        return await self._driver.fetch(statement.text, *statement.arguments(values))

    async def fetch_one(self, statement: Statement, **values: Any) -> Record | None:  # noqa: ANN401 (like `fetch`)
        """Send a statement, and give its first row."""
        return await self._driver.fetchrow(statement.text, *statement.arguments(values))

    def end(self) -> None:
        """Close it at once, so that the pool opens another in its place."""
        self._driver.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Commit when the block ends, roll back when it raises."""
        async with self._driver.transaction():
            yield


async def within(connection: AsyncConnection, statement: Statement, **values: Any) -> list[Record]:  # noqa: ANN401 (like `fetch`)
    """Send a statement in the transaction of a connection of SQLAlchemy, and give its rows.

    Raises:
        asyncpg.PostgresError: what the server says, untranslated. Where it has ended the connection, SQLAlchemy cannot
            roll back, and raises an error of its own in place of this.
    """
    # Not asked for by `get_raw_connection`, which may have to open one, and so takes a greenlet for it.
    taken = connection.sync_connection
    assert taken is not None  # noqa: S101 (it is lent)
    driver = taken.connection.driver_connection
    assert driver is not None  # noqa: S101 (it was checked when it was handed out)
    if not driver.is_in_transaction():
        # SQLAlchemy begins the transaction with the first statement that it sends itself.
        await connection.exec_driver_sql("SELECT")
    found: list[Record] = await driver.fetch(statement.text, *statement.arguments(values))
    return found


@asynccontextmanager
async def lent(database: AsyncEngine) -> AsyncIterator[DirectConnection]:
    """Lend a connection of the pool; each statement outside of a transaction is one of its own.

    Raises:
        asyncpg.PostgresError: what the server says, untranslated.
        OSError, asyncpg.InterfaceError, sqlalchemy.exc.TimeoutError: the database, or a free connection, is away.
    """
    pooled = await _take(database)
    driver = pooled.driver_connection
    assert driver is not None  # noqa: S101 (it was checked when it was handed out)
    try:
        yield DirectConnection(driver)
    except BaseException as error:
        if _may_be_broken_off(error) or driver.is_in_transaction():
            # Perhaps in the middle of a statement: nobody can tell what the server still sends.
            driver.terminate()
        raise
    finally:
        pooled.close()


async def _take(database: AsyncEngine) -> PoolProxiedConnection:
    """Take a connection of the pool, which may have to open one; what the driver says of that is passed on."""
    try:
        return await database.raw_connection()
    except Exception as error:
        # SQLAlchemy's adapter has put an error of its own, which nobody else knows, over the driver's.
        if isinstance(error.__cause__, asyncpg.PostgresError):
            raise error.__cause__ from None
        raise


async def read(database: AsyncEngine, reading: Callable[[DirectConnection], Awaitable[Result]]) -> Result:
    """Do something that only reads; once more, if the connection turns out to have been ended meanwhile.

    Raises:
        Exception: like `lent`.
    """
    async with lent(database) as connection:
        try:
            return await reading(connection)
        except (asyncpg.PostgresError, *_TROUBLE) as error:
            if not _has_ended(error):
                raise
            connection.end()
    async with lent(database) as connection:
        return await reading(connection)


def _may_be_broken_off(error: BaseException) -> bool:
    """Say whether an error may have come in the middle of a statement: what a use case raises has not."""
    if not isinstance(error, Exception) or isinstance(error, _TROUBLE):
        return True
    return _has_ended(error)


def _has_ended(error: BaseException) -> bool:
    """Say whether an error is the end of its connection, and nothing else."""
    if isinstance(error, TimeoutError):
        return False
    state = sql_state(error)
    return is_database_away(error) if state is None else state.startswith(_ENDED)
