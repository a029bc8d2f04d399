"""List a person's unread notifications, newest first."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.socket.frames import Notification
from notification_worker.commands.notification_rows import notification_of
from notification_worker.commands.pages import Page, Position, newest_first, page_of
from notification_worker.models import notifications


async def list_unread(database: AsyncEngine, user_id: UUID, limit: int, after: Position | None) -> Page[Notification]:
    """Give the unread notifications that come after a position, `limit` at most; unread ones never grow too old."""
    rows = notifications.c
    unread = select(notifications).where(rows.user_id == user_id, rows.read_at.is_(None))
    async with database.connect() as connection:
        found = (await connection.execute(newest_first(unread, rows.created_at, rows.id, after, limit))).all()
    return page_of(found, limit, lambda row: notification_of(row._asdict()))
