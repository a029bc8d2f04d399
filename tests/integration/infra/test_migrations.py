"""Migrations beside one another, beside the code of before, and broken off."""

import asyncio
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from alembic import command
from sqlalchemy.exc import DBAPIError

from infra.database.migrations import _config, upgrade

ROOT = Path(__file__).parents[3]
SERVICE = "notification_worker"
DEADLINE_SECONDS = 60
NEWEST = max((ROOT / SERVICE / "migrations" / "versions").glob("0*.py")).name[:4]

_BUILDS_THE_INDEX = "state = 'active' AND query LIKE '%CREATE INDEX CONCURRENTLY%' AND wait_event = 'virtualxid'"
_WAITS_FOR_A_TABLE = "wait_event_type = 'Lock' AND wait_event = 'relation'"


@pytest.fixture
async def url(notification_database_url: str) -> str:
    """The address of a database without anything in it."""
    connection = await asyncpg.connect(notification_database_url)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()
    return notification_database_url


@pytest.fixture
async def database(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
async def reader(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A second connection, for a transaction that stays open."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def upgrade_to(url: str, revision: str) -> None:
    await asyncio.to_thread(command.upgrade, _config(SERVICE, url), revision)


async def start_migration(url: str, home: Path) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        SERVICE,
        "migrate",
        cwd=ROOT,
        env={"TASKIFY_NOTIFICATION_DATABASE_URL": url, "TASKIFY_HOME": str(home)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def migrations_that(
    database: asyncpg.Connection, condition: str = "true", *, beside: int = 0, count: int = 1
) -> int:
    """Wait until so many migrations are in a state, and give the session of one that is not `beside`."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            found = await database.fetch(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'migration'"  # noqa: S608 (our own conditions)
                f" AND datname = current_database() AND pid <> $1 AND {condition}",
                beside,
            )
            if len(found) >= count:
                return int(found[0]["pid"])
            await asyncio.sleep(0.02)


async def insert_as_before(database: asyncpg.Connection) -> UUID:
    """Write a notification as the first version of the code does, which waits 2 s for a lock at most."""
    user_id, notification_id = uuid4(), uuid4()
    await database.execute("SET lock_timeout = '2s'")
    async with database.transaction():
        await database.execute("INSERT INTO inboxes (user_id, last_seq, unread_count) VALUES ($1, 1, 1)", user_id)
        await database.execute(
            "INSERT INTO notifications (id, user_id, seq, type, task_id, task_title, task_deleted, reasons, count,"
            " created_at, updated_at, event_source, event_id) VALUES ($1, $2, 1, 'comment_added', $1, 'Fix login bug',"
            " false, '{manual}', 1, now(), now(), '/task-service', '1')",
            notification_id,
            user_id,
        )
    return notification_id


async def version(database: asyncpg.Connection) -> Any:
    return await database.fetchval("SELECT version_num FROM alembic_version")


async def index_is_valid(database: asyncpg.Connection) -> Any:
    return await database.fetchval(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('notifications_open')"
    )


async def test_of_two_migrations_that_start_at_once_the_second_finds_nothing_to_do(
    url: str, database: asyncpg.Connection, tmp_path: Path
) -> None:
    both = [await start_migration(url, tmp_path) for _ in range(2)]
    assert [await one.wait() for one in both] == [0, 0]
    assert await version(database) == NEWEST
    assert await index_is_valid(database)


async def test_rows_of_before_are_kept_and_the_code_of_before_goes_on_writing(
    url: str, database: asyncpg.Connection, tmp_path: Path
) -> None:
    await upgrade_to(url, "0001")
    before = await insert_as_before(database)
    assert await (await start_migration(url, tmp_path)).wait() == 0
    after = await insert_as_before(database)
    found = await database.fetch(
        "SELECT id, other_actors, event_time, old_status FROM notifications ORDER BY created_at"
    )
    assert [tuple(row) for row in found] == [(before, 0, None, None), (after, 0, None, None)]
    assert await database.fetch("SELECT 1 FROM inboxes WHERE forgotten_seq <> 0") == []
    assert await version(database) == NEWEST


async def test_an_index_is_made_beside_open_transactions_and_holds_up_nobody_who_writes(
    url: str, database: asyncpg.Connection, reader: asyncpg.Connection, tmp_path: Path
) -> None:
    await upgrade_to(url, "0002")
    await insert_as_before(database)
    async with reader.transaction():
        await insert_as_before(reader)
        assert await reader.fetchval("SELECT count(*) FROM notifications") == 2
        first = await start_migration(url, tmp_path)
        building = await migrations_that(database, _BUILDS_THE_INDEX)
        second = await start_migration(url, tmp_path)
        # It asks for the lock now and then; inside one statement it would hold up the first, which waits for all.
        await migrations_that(database, beside=building)
        await insert_as_before(database)
        assert not await index_is_valid(database)
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert [await first.wait(), await second.wait()] == [0, 0]
    assert await index_is_valid(database)
    await database.execute("SET enable_seqscan = off")
    indexed = await database.fetch(
        "SELECT task_id FROM notifications WHERE task_id = ANY(SELECT task_id FROM notifications)"
    )
    assert len(indexed) == 3


async def test_an_index_that_was_broken_off_is_made_anew_by_the_next_migration(
    url: str, database: asyncpg.Connection, reader: asyncpg.Connection, tmp_path: Path
) -> None:
    await upgrade_to(url, "0001")
    await upgrade_to(url, "0002")
    await insert_as_before(database)
    async with reader.transaction():
        await insert_as_before(reader)
        broken_off = await start_migration(url, tmp_path)
        await database.execute("SELECT pg_terminate_backend($1)", await migrations_that(database, _BUILDS_THE_INDEX))
        assert await broken_off.wait() != 0
    assert await index_is_valid(database) is False
    assert await version(database) == "0002"
    assert await (await start_migration(url, tmp_path)).wait() == 0
    assert await index_is_valid(database)
    assert await version(database) == NEWEST


async def test_a_table_in_use_is_tried_again_and_who_queues_behind_the_try_is_not_refused(
    url: str, database: asyncpg.Connection, reader: asyncpg.Connection, tmp_path: Path
) -> None:
    await upgrade_to(url, "0001")
    async with reader.transaction():
        await insert_as_before(reader)
        migration = await start_migration(url, tmp_path)
        first_try = await migrations_that(database, _WAITS_FOR_A_TABLE)
        await insert_as_before(database)
        await migrations_that(database, _WAITS_FOR_A_TABLE, beside=first_try)
        assert await version(database) == "0001"
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert await migration.wait() == 0
    assert await version(database) == NEWEST


STEP = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = {revision!r}, {before!r}, None, None

def upgrade() -> None:
    {statements}
"""


async def test_a_step_that_fails_changes_nothing_and_can_be_done_again(
    url: str, database: asyncpg.Connection, tmp_path: Path
) -> None:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "migrations" / "env.py").write_text(
        "from sqlalchemy import MetaData\n"
        "from infra.database.migrations import run_migrations\n"
        "run_migrations(MetaData())\n"
    )

    def write(revision: str, before: str | None, *statements: str) -> None:
        lines = "\n    ".join(f'op.execute("{statement}")' for statement in statements)
        (versions / f"{revision}.py").write_text(STEP.format(revision=revision, before=before, statements=lines))

    write("1", None, "CREATE TABLE first ()")
    write("2", "1", "CREATE TABLE second ()", "SELECT 1 / 0")
    # A path that is absolute stands for itself, wherever services are.
    with pytest.raises(DBAPIError):
        await asyncio.to_thread(upgrade, str(tmp_path), url)
    tables = "SELECT relname FROM pg_class WHERE relname IN ('first', 'second') ORDER BY relname"
    assert [row["relname"] for row in await database.fetch(tables)] == ["first"]
    assert await version(database) == "1"

    write("2", "1", "CREATE TABLE second ()", "SELECT 1 / 1")
    await asyncio.to_thread(upgrade, str(tmp_path), url)
    assert [row["relname"] for row in await database.fetch(tables)] == ["first", "second"]
    assert await version(database) == "2"
