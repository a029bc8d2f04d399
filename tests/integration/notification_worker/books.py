"""Everything that the tables say of people's inboxes, in a form that two databases can be compared by."""

from collections import Counter, defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Table, select
from sqlalchemy.ext.asyncio import AsyncEngine

from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.models import (
    held_back_events,
    inboxes,
    notification_members,
    notifications,
    removed_notifications,
)

Books = dict[str, Any]

_NOT_COMPARED = {"id", "notification_id", "created_at", "updated_at", "removed_at", "read_at"}


async def all_of(database: AsyncEngine, table: Table) -> list[RowMapping]:
    async with database.connect() as connection:
        return list((await connection.execute(select(table))).mappings())


async def books_of(database: AsyncEngine) -> Books:
    """Give every inbox without what differs between any two runs: ids of rows, and moments."""
    rows = {row["id"]: row for row in await all_of(database, notifications)}
    books: Books = {}
    for table in (inboxes, notifications, notification_members, removed_notifications, held_back_events):
        books[table.name] = sorted(
            (
                {
                    **{name: str(value) for name, value in row.items() if name not in _NOT_COMPARED},
                    "unread": str("read_at" in row and row["read_at"] is None),
                    "of": rows[row["notification_id"]]["event_id"] if row.get("notification_id") in rows else None,
                }
                for row in await all_of(database, table)
            ),
            key=str,
        )
    return books


async def assert_books_hold(database: AsyncEngine) -> None:
    """Counters are right, and each event of a person came to one end: a row of its own, a member, or held back."""
    assert await check_inboxes(database) == []
    ends: dict[UUID, Counter[str]] = defaultdict(Counter)
    for row in await all_of(database, notifications):
        ends[row["user_id"]][row["event_id"]] += row["count"] == 1
    for table in (notification_members, held_back_events):
        for row in await all_of(database, table):
            ends[row["user_id"]][row["event_id"]] += 1
    assert {count for of_person in ends.values() for count in of_person.values()} <= {1}
