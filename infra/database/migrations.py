"""Bringing a service's database up to date, with Alembic: `<service>/migrations/` holds the steps.

Migrations only add (expand now, contract in a later release), since the code of before goes on serving meanwhile.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from infra.database.engine import CONNECT_SECONDS, sqlalchemy_url
from infra.database.errors import sql_state
from infra.telemetry.logging import get_logger

_ROOT = Path(__file__).parents[2]
_URL = "database_url"

log = get_logger("migrations")

_MIGRATION_LOCK = 0x6D696772
"""Key of an advisory lock: of two migrations that start at once, the second waits and then finds nothing to do."""

_LOCK_POLL_SECONDS = 0.25
_LOCK_WAIT_SECONDS = 600

LOCK_TIMEOUT = "1s"
"""How long a step waits for a table that is in use, while all requests queue behind it: they wait for 2 s at most."""

_TRIES = 30
_TRY_AGAIN_SECONDS = 1.0
_LOCK_NOT_AVAILABLE = "55P03"


class MigrationLockedError(Exception):
    """Another migration of the same database has not ended for `_LOCK_WAIT_SECONDS`."""


def upgrade(service: str, database_url: str) -> None:
    """Apply the steps that the database does not have yet, each in a transaction; must not run inside an event loop.

    A step that finds a table in use for longer than `LOCK_TIMEOUT` is tried again, `_TRIES` times.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses a step, which changed nothing; the steps before it are done.
        MigrationLockedError: another migration runs, and does not end.
        OSError: the database cannot be reached.
    """
    config = _config(service, database_url)
    for _ in range(_TRIES - 1):
        try:
            command.upgrade(config, "head")
        except DBAPIError as error:
            if sql_state(error) != _LOCK_NOT_AVAILABLE:
                raise
            log.info("migration_waits", seconds=_TRY_AGAIN_SECONDS)
            time.sleep(_TRY_AGAIN_SECONDS)
        else:
            return
    command.upgrade(config, "head")


def _config(service: str, database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ROOT / service / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes[_URL] = database_url
    return config


def run_migrations(metadata: MetaData) -> None:
    """Run the steps that Alembic asks for; the whole content of a service's `migrations/env.py`."""
    asyncio.run(_run(str(context.config.attributes[_URL]), metadata))


async def _run(database_url: str, metadata: MetaData) -> None:
    engine = create_async_engine(
        sqlalchemy_url(database_url),
        poolclass=pool.NullPool,
        connect_args={"timeout": CONNECT_SECONDS, "server_settings": {"application_name": "migration"}},
    )
    async with engine.connect() as connection:
        await connection.run_sync(_run_on, metadata)
    await engine.dispose()


def _run_on(connection: Connection, metadata: MetaData) -> None:
    _lock(connection)
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _lock(connection: Connection) -> None:
    """Take the lock until the connection ends.

    It is asked for again and again: whoever waits for it inside a statement holds a snapshot, and an index that is
    made beside running transactions waits for all of them.
    """
    deadline = time.monotonic() + _LOCK_WAIT_SECONDS
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _MIGRATION_LOCK}):
        connection.commit()
        if time.monotonic() > deadline:
            raise MigrationLockedError(f"another migration has run for over {_LOCK_WAIT_SECONDS} s")
        time.sleep(_LOCK_POLL_SECONDS)
    connection.commit()


@contextmanager
def beside_running_transactions() -> Iterator[None]:
    """For a step that makes indexes of tables in use, with `postgresql_concurrently`, and does nothing else.

    What is inside is not in a transaction, and must be such that it can be done again after it was broken off.
    Anything before it in the same step would be committed without the step's number, and could not be done again.
    """
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        yield
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
