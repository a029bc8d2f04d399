"""The database that the migrations make."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from infra.database.engine import create_engine
from infra.outbox.table import AUTOVACUUM
from task_service.models import Tables

ROOT = Path(__file__).parents[3]

_CHECKS = text(
    "SELECT conname FROM pg_constraint WHERE contype IN ('c', 'f', 'p') AND connamespace = 'public'::regnamespace"
    " AND conrelid <> 'alembic_version'::regclass ORDER BY conname"
)


async def in_database(url: str, look: Callable[[Connection], object]) -> object:
    engine = create_engine(url, application_name="test")
    async with engine.connect() as connection:
        found = await connection.run_sync(look)
    await engine.dispose()
    return found


def differences(connection: Connection) -> object:
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return compare_metadata(context, Tables.metadata)


async def test_the_migrated_tables_are_those_of_the_models(task_database_url: str) -> None:
    assert await in_database(task_database_url, differences) == []


async def test_the_migrated_constraints_are_those_of_the_models(
    task_database_url: str, make_database: Callable[[str], Awaitable[str]]
) -> None:
    """Alembic does not compare checks, so what the models make is made beside it."""

    def names(connection: Connection) -> object:
        return connection.execute(_CHECKS).scalars().all()

    def remade(connection: Connection) -> object:
        Tables.metadata.drop_all(connection)
        Tables.metadata.create_all(connection)
        return names(connection)

    other = await make_database("task_service")

    assert await in_database(task_database_url, names) == await in_database(other, remade)


async def test_the_outbox_is_vacuumed_often(task_database_url: str) -> None:
    def options(connection: Connection) -> object:
        return connection.execute(text("SELECT reloptions FROM pg_class WHERE relname = 'outbox'")).scalar_one()

    found = await in_database(task_database_url, options)

    assert set(found) == {f"{name}={value}" for name, value in AUTOVACUUM.items()}  # type: ignore[call-overload]


async def test_two_migrations_that_start_at_once_both_succeed(task_database_url: str, tmp_path: Path) -> None:
    def empty(connection: Connection) -> object:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        connection.commit()
        return None

    await in_database(task_database_url, empty)
    environment = {"TASKIFY_TASK_DATABASE_URL": task_database_url, "TASKIFY_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "task_service", "migrate"]
    processes = [await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment) for _ in range(2)]

    assert [await process.wait() for process in processes] == [0, 0]
    assert await in_database(task_database_url, differences) == []
