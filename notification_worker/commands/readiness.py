"""Whether the database is there, and is one of ours."""

from sqlalchemy import ARRAY, Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.errors import UnavailableError
from notification_worker.models import metadata


async def check_database(database: AsyncEngine) -> None:
    """Fail unless the database answers and has every table; one that is ahead of this code is fine.

    Raises:
        UnavailableError: it has not been migrated; names the missing tables.
    """
    names = func.unnest(cast(sorted(metadata.tables), ARRAY(Text))).table_valued("name").render_derived()
    async with database.connect() as connection:
        found = await connection.execute(select(names.c.name).where(func.to_regclass(names.c.name).is_(None)))
        missing = found.scalars().all()
    if missing:
        raise UnavailableError(f"not migrated: no table {', '.join(missing)}")
