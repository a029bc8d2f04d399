"""Whether the database is there, and is one of ours."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from infra.errors import UnavailableError
from task_service.models import Tables

_MISSING = text("SELECT name FROM unnest(CAST(:names AS text[])) AS name WHERE to_regclass(name) IS NULL ORDER BY name")


async def check_database(sessions: async_sessionmaker[AsyncSession]) -> None:
    """Fail unless the database answers."""
    async with sessions() as database:
        await database.execute(text("SELECT 1"))


async def check_tables(sessions: async_sessionmaker[AsyncSession]) -> None:
    """Fail unless every table is there. A schema that is ahead of this code is fine: migrations only add.

    Raises:
        UnavailableError: it has not been migrated; names the missing tables.
    """
    async with sessions() as database:
        missing = (await database.scalars(_MISSING, {"names": list(Tables.metadata.tables)})).all()
    if missing:
        raise UnavailableError(f"not migrated: no table {', '.join(missing)}")
