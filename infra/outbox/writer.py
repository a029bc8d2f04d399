"""Put messages into the outbox of the running transaction."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from sqlalchemy import FromClause, Insert, Table, bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from infra.database.bulk import copy_rows
from infra.outbox.message import OutboxMessage

_BOUND = "of_message_"


async def append(session: AsyncSession, outbox: Table, messages: Sequence[OutboxMessage]) -> None:
    """Add messages in their order; never commits.

    What the session has changed is flushed first. Left alone, the ORM would emit these inserts before its updates,
    and so take the outbox ids before the task's row is locked: two writers could then publish in the wrong order.
    """
    if messages:
        await session.flush()
        await append_rows(await session.connection(), outbox, messages)


async def append_rows(connection: AsyncConnection, outbox: Table, messages: Sequence[OutboxMessage]) -> None:
    """Add messages in their order on a connection whose rows are locked already; never commits."""
    if messages:
        await connection.execute(insert(outbox), [asdict(message) for message in messages])


async def copy_messages(connection: AsyncConnection, outbox: Table, messages: Sequence[OutboxMessage]) -> None:
    """Like `append_rows`, with `COPY`: for many.

    Raises:
        asyncpg.PostgresError: what the server says, untranslated.
    """
    await copy_rows(connection, outbox, [asdict(message) for message in messages])


def append_statement(outbox: Table, when: FromClause) -> Insert:
    """Give the statement that adds one message for each row of `when`, and gives its id, for `infra.database.direct`.

    What it binds is in `append_values`.
    """
    names = [part.name for part in fields(OutboxMessage)]
    values = [bindparam(f"{_BOUND}{name}", type_=outbox.c[name].type) for name in names]
    return insert(outbox).from_select(names, select(*values).select_from(when)).returning(outbox.c.id)


def append_values(message: OutboxMessage) -> dict[str, str]:
    """Give what `append_statement` binds."""
    return {f"{_BOUND}{name}": value for name, value in asdict(message).items()}
