"""Bringing a service's database up to date, with Alembic: `<service>/migrations/` holds the steps.

Migrations only add (expand now, contract in a later release), since the code of before goes on serving meanwhile.
"""

import asyncio
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from infra.database.engine import CONNECT_SECONDS, sqlalchemy_url

_ROOT = Path(__file__).parents[2]
_URL = "database_url"

_MIGRATION_LOCK = 0x6D696772
"""Key of an advisory lock: of two migrations that start at once, the second waits and then finds nothing to do."""

LOCK_TIMEOUT = "5s"
"""How long a step waits for a table that is in use. It then fails, instead of having all requests queue behind it."""


def upgrade(service: str, database_url: str) -> None:
    """Apply all steps that the database does not have yet, all in one transaction; must not run inside an event loop.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses a step; nothing was changed.
        OSError: the database cannot be reached.
    """
    command.upgrade(_config(service, database_url), "head")


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
    context.configure(connection=connection, target_metadata=metadata, compare_server_default=True)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        context.run_migrations()
