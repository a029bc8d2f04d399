"""Look through a whole database for words: every column of every table that can hold text."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.database.engine import create_engine

_COLUMNS = text(
    "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables "
    "USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE' "
    "AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY') ORDER BY 1, 2"
)


async def rows_naming(database_url: str, words: Sequence[str]) -> list[str]:
    """Say where any of the words stands, however it is capitalised: `table.column: rows`."""
    engine = create_engine(database_url, application_name="search")
    try:
        async with engine.connect() as connection:
            columns = (await connection.execute(_COLUMNS)).all()
            assert len(columns) > 10
            found = [(table, column, await _count(connection, table, column, words)) for table, column in columns]
            return [f"{table}.{column}: {count}" for table, column, count in found if count]
    finally:
        await engine.dispose()


async def _count(connection: AsyncConnection, table: str, column: str, words: Sequence[str]) -> int:
    # JSON may write letters as escapes: the words that tests look for are plain ASCII.
    assert all(word.isascii() for word in words)
    wanted = [f"%{word.lower()}%" for word in words]
    statement = text(f'SELECT count(*) FROM "{table}" WHERE lower("{column}"::text) LIKE ANY (:wanted)')  # noqa: S608 (names of the catalogue)
    return int(await connection.scalar(statement, {"wanted": wanted}) or 0)
