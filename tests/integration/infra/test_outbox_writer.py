"""Writing to the outbox inside a transaction."""

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from infra.database.engine import create_engine
from infra.outbox.message import OutboxMessage
from infra.outbox.writer import append
from tests.integration.infra.relays import OUTBOX


class Base(DeclarativeBase):
    pass


class Task(Base):
    __tablename__ = "tasks"

    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]


def message(number: int) -> OutboxMessage:
    return OutboxMessage(f"m{number}", "test", "text/plain", "known", "a", str(number))


async def test_appending_first_sends_what_the_session_has_changed(
    outbox_url: str, database: asyncpg.Connection
) -> None:
    """The id of the row is then taken while the task is locked, so ids and commits of one task are in one order."""
    await database.execute("INSERT INTO tasks VALUES ('a', 1)")
    engine = create_engine(outbox_url, application_name="tests")
    statements: list[str] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]).split("(", 1)[0].strip())

    async with AsyncSession(engine) as session, session.begin():
        task = await session.get_one(Task, "a")
        task.version = 2
        await append(session, OUTBOX, [message(1), message(2)])
    await engine.dispose()

    changes = [statement for statement in statements if not statement.startswith("SELECT")]
    assert [change.split()[0:3] for change in changes] == [["UPDATE", "tasks", "SET"], ["INSERT", "INTO", "outbox"]]
    rows = await database.fetch("SELECT message_id FROM outbox ORDER BY id")
    assert [row["message_id"] for row in rows] == ["m1", "m2"]


async def test_rows_of_a_transaction_that_is_rolled_back_were_never_there(
    outbox_url: str, database: asyncpg.Connection
) -> None:
    engine = create_engine(outbox_url, application_name="tests")
    async with AsyncSession(engine) as session:
        await append(session, OUTBOX, [message(1)])
        await session.rollback()
    await engine.dispose()

    assert await database.fetchval("SELECT count(*) FROM outbox") == 0
