"""Mark notifications of one person as read or unread: one command, one transaction, at most one new `seq`.

What is marked already stays as it is, and if nothing is left to change, the inbox keeps its number: doing it twice is
doing it once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ARRAY, Row, Uuid, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.socket.frames import IdsPayload, Read, ReadPayload, Unread
from infra.clock import Clock, system_clock
from infra.database.errors import retry_on_conflict
from infra.outbox.writer import append_rows
from infra.telemetry.traceparent import current_traceparent
from notification_worker.commands.delivery_messages import delivery_messages, personal_frame
from notification_worker.commands.errors import NotificationNotFoundError
from notification_worker.models import inboxes, notifications, outbox


@dataclass(frozen=True, slots=True)
class Seen:
    """A notification as its reader saw it; with `seq`, one that has changed since is left alone."""

    id: UUID
    seq: int | None = None


# One parameter, however many they are: else each number of them is a statement of its own, to be planned anew.
_IS_ONE_OF = notifications.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))

Inbox = Row[tuple[UUID, int, int, int]]


async def mark_read(database: AsyncEngine, user_id: UUID, seen: Sequence[Seen], *, clock: Clock = system_clock) -> bool:
    """Mark as read; say whether anything changed. What is read and too old to be shown is still read.

    Raises:
        NotificationNotFoundError: one of them is not in this inbox; nothing was changed.
    """

    async def transaction() -> bool:
        async with database.begin() as connection:
            inbox = await _lock(connection, user_id)
            ids = await _to_change(connection, inbox, seen, read=False)
            if inbox is None or not ids:
                return False
            now = clock()
            seq, unread_count = inbox.last_seq + 1, inbox.unread_count - len(ids)
            await connection.execute(update(notifications).where(_IS_ONE_OF).values(read_at=now, seq=seq), {"ids": ids})
            frame = Read(payload=ReadPayload(seq=seq, ids=ids, read_at=now, unread_count=unread_count))
            await _finish(connection, user_id, seq, unread_count, frame)
            return True

    return await retry_on_conflict(transaction)


async def mark_unread(
    database: AsyncEngine, user_id: UUID, seen: Sequence[Seen], *, history: timedelta, clock: Clock = system_clock
) -> bool:
    """Mark as unread again; say whether anything changed.

    Raises:
        NotificationNotFoundError: one of them is not in this inbox, or is read and from before the history; nothing
            was changed.
    """

    async def transaction() -> bool:
        async with database.begin() as connection:
            inbox = await _lock(connection, user_id)
            ids = await _to_change(connection, inbox, seen, read=True, oldest=clock() - history)
            if inbox is None or not ids:
                return False
            seq, unread_count = inbox.last_seq + 1, inbox.unread_count + len(ids)
            await connection.execute(
                update(notifications).where(_IS_ONE_OF).values(read_at=None, seq=seq), {"ids": ids}
            )
            frame = Unread(payload=IdsPayload(seq=seq, ids=ids, unread_count=unread_count))
            await _finish(connection, user_id, seq, unread_count, frame)
            return True

    return await retry_on_conflict(transaction)


async def mark_all_read(database: AsyncEngine, user_id: UUID, up_to_seq: int, *, clock: Clock = system_clock) -> bool:
    """Mark as read whatever changed last at or before a number; say whether anything changed."""

    async def transaction() -> bool:
        async with database.begin() as connection:
            inbox = await _lock(connection, user_id)
            if inbox is None:
                return False
            now, seq = clock(), inbox.last_seq + 1
            rows = notifications.c
            marked = await connection.execute(
                update(notifications)
                .where(rows.user_id == user_id, rows.read_at.is_(None), rows.seq <= up_to_seq)
                .values(read_at=now, seq=seq)
            )
            if marked.rowcount == 0:
                return False
            unread_count = inbox.unread_count - marked.rowcount
            payload = ReadPayload(seq=seq, up_to_seq=up_to_seq, read_at=now, unread_count=unread_count)
            await _finish(connection, user_id, seq, unread_count, Read(payload=payload))
            return True

    return await retry_on_conflict(transaction)


async def _lock(connection: AsyncConnection, user_id: UUID) -> Inbox | None:
    """Lock the inbox before anything in it: whoever changes rows of a person holds this lock."""
    found = await connection.execute(select(inboxes).where(inboxes.c.user_id == user_id).with_for_update())
    return found.one_or_none()


async def _to_change(
    connection: AsyncConnection,
    inbox: Inbox | None,
    seen: Sequence[Seen],
    *,
    read: bool,
    oldest: datetime | None = None,
) -> tuple[UUID, ...]:
    """Find those that are to change; all that were seen have to be there, and shown if `oldest` is given."""
    wanted = {one.id: one.seq for one in seen}
    rows = notifications.c
    own = select(rows.id, rows.seq, rows.read_at).where(_IS_ONE_OF).order_by(rows.id)
    if oldest is not None:
        own = own.where(or_(rows.read_at.is_(None), rows.created_at >= oldest))
    found: Sequence[Row[UUID, int, datetime | None]] = ()
    if inbox is not None:
        own = own.where(rows.user_id == inbox.user_id)
        found = (await connection.execute(own, {"ids": list(wanted)})).all()
    if len(found) != len(wanted):
        raise NotificationNotFoundError("there is no such notification")
    return tuple(
        row.id
        for row in found
        if (row.read_at is not None) is read and ((seq := wanted[row.id]) is None or row.seq <= seq)
    )


async def _finish(connection: AsyncConnection, user_id: UUID, seq: int, unread_count: int, frame: BaseModel) -> None:
    await connection.execute(
        update(inboxes).where(inboxes.c.user_id == user_id).values(last_seq=seq, unread_count=unread_count)
    )
    finished = personal_frame(user_id, seq, frame, current_traceparent())
    await append_rows(connection, outbox, delivery_messages([finished]))
