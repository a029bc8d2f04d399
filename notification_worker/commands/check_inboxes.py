"""Recount what is kept as counters."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import false, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from notification_worker.models import inboxes, notifications, removed_notifications


@dataclass(frozen=True, slots=True)
class Difference:
    """An inbox whose counters are not what its rows say."""

    user_id: UUID
    unread_count: int
    unread_rows: int
    last_seq: int
    largest_seq: int


async def check_inboxes(database: AsyncEngine) -> list[Difference]:
    """Compare every inbox with a recount of its rows, in one statement and so from one snapshot."""
    rows, removed, heads = notifications.c, removed_notifications.c, inboxes.c
    numbers = union_all(
        select(rows.user_id, rows.seq, (rows.read_at.is_(None)).label("unread")),
        select(removed.user_id, removed.seq, false().label("unread")),
    ).subquery()
    counted = (
        select(
            numbers.c.user_id,
            func.count().filter(numbers.c.unread).label("unread_rows"),
            func.max(numbers.c.seq).label("largest_seq"),
        )
        .group_by(numbers.c.user_id)
        .subquery()
    )
    unread_rows, largest = func.coalesce(counted.c.unread_rows, 0), func.coalesce(counted.c.largest_seq, 0)
    different = (
        select(heads.user_id, heads.unread_count, unread_rows, heads.last_seq, largest)
        .outerjoin(counted, counted.c.user_id == heads.user_id)
        .where(or_(heads.unread_count != unread_rows, heads.last_seq != largest))
        .order_by(heads.user_id)
    )
    async with database.connect() as connection:
        return [Difference(*row) for row in await connection.execute(different)]
