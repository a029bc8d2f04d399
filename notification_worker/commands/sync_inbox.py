"""Tell what changed in a person's inbox since a number of its log."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, union
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.socket.frames import Notification
from infra.clock import Clock, system_clock
from notification_worker.commands.notification_rows import notification_of
from notification_worker.models import inboxes, notifications, removed_notifications

CHANGES = 500
"""A window that has missed more than this starts again."""

NEWEST = 50
UNREAD = 500


@dataclass(frozen=True, slots=True)
class Changes:
    """`reset` says that the items are a whole new start, and whatever the window holds is to be dropped."""

    items: tuple[Notification, ...]
    removed_ids: tuple[UUID, ...]
    latest_seq: int
    unread_count: int
    reset: bool


async def sync_inbox(
    database: AsyncEngine, user_id: UUID, after_seq: int | None, *, history: timedelta, clock: Clock = system_clock
) -> Changes:
    """Read head, changed rows and removed ids from one snapshot, so that together they are one state of the log.

    A start has only what is shown: unread, or created within the history. What changed since a number comes whatever
    its age: a window that holds it has to learn that it was read, and hides by itself what has grown too old.
    """
    async with database.connect() as plain:
        connection = await plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        async with connection.begin():
            head = (await connection.execute(select(inboxes).where(inboxes.c.user_id == user_id))).one_or_none()
            if head is None:
                return Changes((), (), 0, 0, reset=after_seq != 0)
            oldest = clock() - history
            # What was removed up to `forgotten_seq` is not known any more.
            if after_seq is None or not head.forgotten_seq <= after_seq <= head.last_seq:
                return await _start(connection, head, oldest)
            return await _since(connection, head, after_seq) or await _start(connection, head, oldest)


async def _since(connection: AsyncConnection, head: Row[Any], after_seq: int) -> Changes | None:
    """Give what changed, or None if it is too much."""
    rows, removed = notifications.c, removed_notifications.c
    changed = await connection.execute(
        select(notifications)
        .where(rows.user_id == head.user_id, rows.seq > after_seq)
        .order_by(rows.seq, rows.id)
        .limit(CHANGES + 1)
    )
    items = changed.all()
    gone = await connection.execute(
        select(removed.notification_id)
        .where(removed.user_id == head.user_id, removed.seq > after_seq)
        .order_by(removed.seq, removed.notification_id)
        .limit(CHANGES + 1)
    )
    removed_ids = gone.scalars().all()
    if len(items) + len(removed_ids) > CHANGES:
        return None
    return Changes(
        tuple(notification_of(row) for row in items),
        tuple(removed_ids),
        head.last_seq,
        head.unread_count,
        reset=False,
    )


async def _start(connection: AsyncConnection, head: Row[Any], oldest: datetime) -> Changes:
    """Give the newest rows and every unread one, both up to a bound."""
    rows = notifications.c
    newest_first = select(rows.id).where(rows.user_id == head.user_id).order_by(rows.created_at.desc(), rows.id.desc())
    wanted = union(
        newest_first.where(rows.created_at >= oldest).limit(NEWEST).subquery().select(),
        newest_first.where(rows.read_at.is_(None)).limit(UNREAD).subquery().select(),
    ).subquery()
    found = await connection.execute(
        select(notifications).where(rows.id.in_(select(wanted.c.id))).order_by(rows.seq, rows.id)
    )
    items = tuple(notification_of(row) for row in found)
    return Changes(items, (), head.last_seq, head.unread_count, reset=True)
