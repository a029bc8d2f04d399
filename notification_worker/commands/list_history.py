"""List what a person is shown at all, newest first."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.socket.frames import Notification
from infra.clock import Clock, system_clock
from notification_worker.commands.notification_rows import notification_of
from notification_worker.commands.pages import Page, Position, newest_first, page_of
from notification_worker.models import notifications


async def list_history(
    database: AsyncEngine,
    user_id: UUID,
    limit: int,
    after: Position | None,
    *,
    history: timedelta,
    clock: Clock = system_clock,
) -> Page[Notification]:
    """Give what was created within the history and what is older and unread, after a position, `limit` at most.

    Each half is one limited scan of its own index, so that the many old ones that are read are never looked at.
    """
    rows = notifications.c
    oldest = clock() - history
    own = select(notifications).where(rows.user_id == user_id)
    halves = (own.where(rows.created_at >= oldest), own.where(rows.created_at < oldest, rows.read_at.is_(None)))
    shown = union_all(
        *(newest_first(half, rows.created_at, rows.id, after, limit).subquery().select() for half in halves)
    ).subquery()
    query = select(shown).order_by(shown.c.created_at.desc(), shown.c.id.desc()).limit(limit + 1)
    async with database.connect() as connection:
        found = (await connection.execute(query)).all()
    return page_of(found, limit, lambda row: notification_of(row._asdict()))
