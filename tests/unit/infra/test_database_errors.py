import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from infra.database.errors import TRIES, blames_the_values, is_conflict, is_database_away, retry_on_conflict


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        PoolTimeoutError(),
        asyncpg.AdminShutdownError("terminating connection"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.TooManyConnectionsError("too many clients"),
        asyncpg.LockNotAvailableError("lock timeout"),
        asyncpg.ReadOnlySQLTransactionError("a standby"),
        asyncpg.InvalidCatalogNameError("no such database"),
        asyncpg.InvalidPasswordError("changed"),
        asyncpg.UndefinedTableError("the schema is behind the code"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress"),
        OperationalError("SELECT 1", {}, ConnectionResetError()),
    ],
)
def test_trouble_of_the_database_is_waited_for(error: Exception) -> None:
    assert is_database_away(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("ours"),
        asyncpg.UniqueViolationError("twice"),
        asyncpg.DatetimeFieldOverflowError("out of range"),
        asyncpg.PostgresSyntaxError("a mistake of ours"),
        IntegrityError("INSERT", {}, asyncpg.UniqueViolationError("twice")),
    ],
)
def test_trouble_of_a_statement_is_not(error: Exception) -> None:
    assert not is_database_away(error)


@pytest.mark.parametrize(
    ("error", "blamed"),
    [
        (asyncpg.UniqueViolationError("twice"), True),
        (asyncpg.CharacterNotInRepertoireError("NUL"), True),
        (IntegrityError("INSERT", {}, asyncpg.UniqueViolationError("twice")), True),
        (ValueError("no database was asked"), True),
        (asyncpg.DeadlockDetectedError("deadlock"), False),
        (asyncpg.UndefinedTableError("the schema is behind the code"), False),
        (asyncpg.ReadOnlySQLTransactionError("a standby"), False),
        (asyncpg.PostgresSyntaxError("a mistake of ours"), False),
        (ConnectionRefusedError(), False),
        (OperationalError("SELECT 1", {}, ConnectionResetError()), False),
    ],
)
def test_only_values_that_will_always_be_refused_are_blamed(error: Exception, *, blamed: bool) -> None:
    assert blames_the_values(error) is blamed


async def test_a_transaction_in_somebodys_way_is_tried_again() -> None:
    tries = 0

    async def transaction() -> str:
        nonlocal tries
        tries += 1
        if tries < TRIES:
            raise OperationalError("UPDATE", {}, asyncpg.DeadlockDetectedError("deadlock"))
        return "done"

    assert await retry_on_conflict(transaction) == "done"


async def test_a_conflict_that_the_driver_tells_of_itself_is_tried_again_too() -> None:
    tries = 0

    async def transaction() -> str:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise asyncpg.DeadlockDetectedError("deadlock")
        return "done"

    assert await retry_on_conflict(transaction) == "done"


async def test_a_transaction_that_is_always_in_somebodys_way_fails_in_the_end() -> None:
    tries = 0

    async def transaction() -> None:
        nonlocal tries
        tries += 1
        raise OperationalError("UPDATE", {}, asyncpg.DeadlockDetectedError("deadlock"))

    with pytest.raises(OperationalError) as failed:
        await retry_on_conflict(transaction)

    assert is_conflict(failed.value)
    assert tries == TRIES
