"""What a failed statement means for whoever sent it: try again at once, wait for the database, or give up."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

Result = TypeVar("Result")

_CONFLICTS = {"40001", "40P01"}
"""serialization_failure and deadlock_detected (PostgreSQL, appendix A): the same transaction may succeed now."""

_AWAY = ("08", "25", "28", "3D", "42501", "42703", "42P01", "53", "55P03", "57", "58")
"""States, by how they begin, that speak of the server and not of the values in a statement: connection exceptions, a
read-only or ended transaction, a refused login, a missing database, a missing right, column or table (the schema is
behind the code), insufficient resources, a lock not available, operator intervention, system errors."""

_VALUES = ("22", "23")
"""Data exceptions and integrity violations: the same values will always be refused."""

TRIES = 5


def sql_state(error: BaseException) -> str | None:
    """Give the five letters by which PostgreSQL names what went wrong, or None if it never spoke."""
    original = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(original, "sqlstate", None)
    return state if isinstance(state, str) else None


def is_conflict(error: BaseException) -> bool:
    """Say whether two transactions got in each other's way, so that trying again at once makes sense."""
    return sql_state(error) in _CONFLICTS


def is_database_away(error: BaseException) -> bool:
    """Say whether the database, and not the statement, is the trouble; waiting may help."""
    state = sql_state(error)
    if state is not None:
        return state.startswith(_AWAY)
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    # When the server ends an idle session, asyncpg may have read its last words and not yet the end of the connection:
    # a statement sent between the two is an InternalClientError.
    return isinstance(
        error, OSError | TimeoutError | PoolTimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError
    )


def blames_the_values(error: BaseException) -> bool:
    """Say whether an error condemns what was to be written, and not the database that was to hold it.

    An error that did not come from the database at all is about the values too: nothing else was touched.
    """
    state = sql_state(error)
    if state is not None:
        return state.startswith(_VALUES)
    return not isinstance(error, DBAPIError) and not is_database_away(error)


async def retry_on_conflict(transaction: Callable[[], Awaitable[Result]]) -> Result:
    """Run a whole transaction, again if another one got in its way, `TRIES` times at most."""
    for _ in range(TRIES - 1):
        try:
            return await transaction()
        except (DBAPIError, asyncpg.PostgresError) as error:
            if not is_conflict(error):
                raise
    return await transaction()
