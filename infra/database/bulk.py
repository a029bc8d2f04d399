"""Many rows at once, straight through the driver."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection


async def copy_rows(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows in their order, with `COPY`, inside the transaction that is under way.

    All rows name the same columns, two at least. It costs a fraction of an insert for each row, here and at the server.
    Values go to the driver as they are: a column must not need SQLAlchemy's own translation of a type.

    Raises:
        asyncpg.PostgresError: what the server says, untranslated.
    """
    if not rows:
        return
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None  # noqa: S101 (a connection in a transaction has one)
    columns = list(rows[0])
    await driver.copy_records_to_table(table.name, columns=columns, records=map(itemgetter(*columns), rows))
