"""Tell what changed in a person's inbox since a number of its log."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, union
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.socket.frames import Notification
from infra.clock import Clock, system_clock
from infra.database.direct import DirectConnection, Record, Statement, read
from notification_worker.commands.notification_rows import notification_of
from notification_worker.models import inboxes, notifications, removed_notifications

CHANGES = 500
"""A window that has missed more than this starts again."""

NEWEST = 50
UNREAD = 500

_rows, _gone = notifications.c, removed_notifications.c
_user_id, _after_seq, _oldest = (
    bindparam(name, type_=column.type)
    for name, column in (("user_id", _rows.user_id), ("after_seq", _rows.seq), ("oldest", _rows.created_at))
)
_newest_first = select(_rows.id).where(_rows.user_id == _user_id).order_by(_rows.created_at.desc(), _rows.id.desc())
_wanted = union(
    _newest_first.where(_rows.created_at >= _oldest).limit(NEWEST).subquery().select(),
    _newest_first.where(_rows.read_at.is_(None)).limit(UNREAD).subquery().select(),
).subquery()

_HEAD = Statement(select(inboxes).where(inboxes.c.user_id == _user_id))
_CHANGED = Statement(
    select(notifications)
    .where(_rows.user_id == _user_id, _rows.seq > _after_seq)
    .order_by(_rows.seq, _rows.id)
    .limit(CHANGES + 1)
)
_REMOVED = Statement(
    select(_gone.notification_id)
    .where(_gone.user_id == _user_id, _gone.seq > _after_seq)
    .order_by(_gone.seq, _gone.notification_id)
    .limit(CHANGES + 1)
)
_SHOWN = Statement(select(notifications).where(_rows.id.in_(select(_wanted.c.id))).order_by(_rows.seq, _rows.id))


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

    async def reading(connection: DirectConnection) -> Changes:
        async with connection.snapshot():
            head = await connection.fetch_one(_HEAD, user_id=user_id)
            if head is None:
                return Changes((), (), 0, 0, reset=after_seq != 0)
            # What was removed up to `forgotten_seq` is not known any more.
            if after_seq is None or not head["forgotten_seq"] <= after_seq <= head["last_seq"]:
                return await _start(connection, head, clock() - history)
            return await _since(connection, head, after_seq) or await _start(connection, head, clock() - history)

    return await read(database, reading)


async def _since(connection: DirectConnection, head: Record, after_seq: int) -> Changes | None:
    """Give what changed, or None if it is too much; most windows that come back have missed nothing."""
    if after_seq == head["last_seq"]:
        return Changes((), (), head["last_seq"], head["unread_count"], reset=False)
    items = await connection.fetch(_CHANGED, user_id=head["user_id"], after_seq=after_seq)
    gone = await connection.fetch(_REMOVED, user_id=head["user_id"], after_seq=after_seq)
    if len(items) + len(gone) > CHANGES:
        return None
    return Changes(
        tuple(notification_of(dict(row)) for row in items),
        tuple(row["notification_id"] for row in gone),
        head["last_seq"],
        head["unread_count"],
        reset=False,
    )


async def _start(connection: DirectConnection, head: Record, oldest: datetime) -> Changes:
    """Give the newest rows and every unread one, both up to a bound."""
    found = await connection.fetch(_SHOWN, user_id=head["user_id"], oldest=oldest)
    items = tuple(notification_of(dict(row)) for row in found)
    return Changes(items, (), head["last_seq"], head["unread_count"], reset=True)
