"""Statements that go straight to the driver, on a database whose connections may end."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import bindparam, literal, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database.direct import DirectConnection, Statement, lent, read
from infra.database.engine import create_engine
from infra.database.errors import is_database_away
from tests.support.servers import Postgres

ECHO = Statement(select(bindparam("word", type_=literal("").type), literal(7)))
END = Statement(text("SELECT pg_terminate_backend(pg_backend_pid())"))
WHO = Statement(text("SELECT pg_backend_pid()"))
FAIL = Statement(text("SELECT 1 / 0"))


@pytest.fixture
async def database(task_database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(task_database_url, application_name="test", pool_connections=1, pool_wait_seconds=10)
    yield engine
    await engine.dispose()


async def backend(database: AsyncEngine) -> int:
    rows = await read(database, lambda connection: connection.fetch(WHO))
    return int(rows[0][0])


async def test_values_are_given_by_name_beside_those_of_the_statement(database: AsyncEngine) -> None:
    rows = await read(database, lambda connection: connection.fetch(ECHO, word="hello"))

    assert [tuple(row) for row in rows] == [("hello", 7)]


def test_a_value_that_is_missing_is_an_error_and_not_a_null() -> None:
    with pytest.raises(KeyError):
        ECHO.arguments({})


async def test_what_only_reads_is_done_again_when_its_connection_was_ended(database: AsyncEngine) -> None:
    before, tries = await backend(database), list[int]()

    async def end_the_first(connection: DirectConnection) -> int:
        tries.append(1)
        if len(tries) == 1:
            await connection.fetch(END)
        return int((await connection.fetch(WHO))[0][0])

    assert await read(database, end_the_first) != before
    assert len(tries) == 2


async def test_a_mistake_is_raised_and_its_connection_stays(database: AsyncEngine) -> None:
    before = await backend(database)

    with pytest.raises(asyncpg.DivisionByZeroError):
        await read(database, lambda connection: connection.fetch(FAIL))

    assert await backend(database) == before


async def test_a_connection_that_the_server_has_ended_is_never_handed_out(
    database: AsyncEngine, task_database_url: str
) -> None:
    async with database.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    other = await asyncpg.connect(task_database_url)
    await other.execute("SELECT pg_terminate_backend($1)", driver.get_server_pid())
    await other.close()
    async with asyncio.timeout(30):
        while not driver.is_closed():
            await asyncio.sleep(0.01)

    async with database.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


async def test_a_connection_that_was_quiet_is_asked_first(
    database: AsyncEngine, task_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.database.engine.QUIET_SECONDS", -1.0)
    before = await backend(database)
    other = await asyncpg.connect(task_database_url)
    await other.execute("SELECT pg_terminate_backend($1, 10000)", before)
    await other.close()

    async with database.connect() as connection:
        assert await connection.scalar(text("SELECT pg_backend_pid()")) != before


async def test_a_transaction_that_fails_leaves_nothing_and_its_connection_goes_back(database: AsyncEngine) -> None:
    before = await backend(database)
    create = Statement(text("CREATE TABLE left_behind (id int)"))
    look = Statement(text("SELECT to_regclass('left_behind')::text"))

    async def fail() -> None:
        async with lent(database) as connection, connection.transaction():
            await connection.fetch(create)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await fail()

    assert (await read(database, lambda connection: connection.fetch(look)))[0][0] is None
    assert await backend(database) == before


async def test_a_transaction_that_was_left_open_takes_its_connection_with_it(database: AsyncEngine) -> None:
    before = await backend(database)

    async def fail() -> None:
        async with lent(database) as connection:
            await connection.fetch(Statement(text("BEGIN")))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await fail()

    assert await backend(database) != before


async def test_a_statement_that_is_broken_off_takes_its_connection_with_it(
    database: AsyncEngine, task_database_url: str
) -> None:
    before = await backend(database)
    sleep = Statement(text("SELECT pg_sleep(60)"))
    sleeps = "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $1"
    other = await asyncpg.connect(task_database_url)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        sleeping = group.create_task(read(database, lambda connection: connection.fetch(sleep)))
        while not await other.fetchval(sleeps, before):
            await asyncio.sleep(0.01)
        sleeping.cancel()
    await other.close()

    assert sleeping.cancelled()
    assert await backend(database) != before


async def test_who_gets_no_connection_hears_what_the_server_says(database: AsyncEngine, postgres: Postgres) -> None:
    async with postgres.administrator() as administrator:
        await administrator.execute(f'ALTER DATABASE "{database.url.database}" CONNECTION LIMIT 0')

    with pytest.raises(asyncpg.TooManyConnectionsError) as raised:
        await backend(database)

    assert is_database_away(raised.value)
