"""List a person's unread notifications, newest first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.socket.frames import Notification
from notification_worker.commands.notification_rows import notification_of
from notification_worker.models import notifications


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ends; a notification never changes its place, since neither part ever changes."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is where the next page begins, or None at the end."""

    items: tuple[Notification, ...]
    next: Position | None


async def list_unread(database: AsyncEngine, user_id: UUID, limit: int, after: Position | None) -> Page:
    """Give the unread notifications that come after a position, `limit` at most."""
    rows = notifications.c
    query = (
        select(notifications)
        .where(rows.user_id == user_id, rows.read_at.is_(None))
        .order_by(rows.created_at.desc(), rows.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(tuple_(rows.created_at, rows.id) < (after.created_at, after.id))
    async with database.connect() as connection:
        found = (await connection.execute(query)).all()
    items = tuple(notification_of(row) for row in found[:limit])
    return Page(items, Position(items[-1].created_at, items[-1].id) if len(found) > limit else None)
