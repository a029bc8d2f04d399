"""What is sent to a database, by SQLAlchemy and straight to the driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

_ASKING = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


@contextmanager
def sent_statements(database: AsyncEngine) -> Iterator[list[tuple[str, Any]]]:
    """Note every statement that is sent, with its parameters; those of many rows with all of them."""
    sent: list[tuple[str, Any]] = []
    listened: set[asyncpg.Connection[Any]] = set()

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith(_ASKING):
            sent.append((statement, parameters))

    def note_direct(query: asyncpg.connection.LoggedQuery) -> None:
        if query.query.startswith(_ASKING):
            sent.append((query.query, query.args))

    def listen(_: object, record: Any, __: object) -> None:
        # The driver does not tell of what SQLAlchemy prepares.
        record.driver_connection.add_query_logger(note_direct)
        listened.add(record.driver_connection)

    event.listen(database.sync_engine, "before_cursor_execute", note)
    event.listen(database.sync_engine, "checkout", listen)
    try:
        yield sent
    finally:
        event.remove(database.sync_engine, "before_cursor_execute", note)
        event.remove(database.sync_engine, "checkout", listen)
        for connection in listened:
            connection.remove_query_logger(note_direct)
