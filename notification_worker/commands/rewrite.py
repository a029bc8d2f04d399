"""Change notifications of many people at once, as the deletion of a task or the erasure of a person asks.

Each person's rows change together and take one new number. A window is sent the new row if there is one; for more
it is told to ask `sync`, since one number stands for all of them. Members change with the rows, and take none: they
are asked for, never pushed.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, bindparam, select, tuple_, union, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.deliveries import PersonalFrame
from contracts.socket.frames import Change, Resync
from infra.database.errors import retry_on_conflict
from infra.outbox.writer import append_rows
from notification_worker.commands.delivery_messages import delivery_messages, personal_frame
from notification_worker.commands.event_claims import hold_off_erasures
from notification_worker.commands.inbox_log import Head, lock_inboxes, write_heads
from notification_worker.commands.notification_rows import frame_of
from notification_worker.models import notification_members, notifications, outbox

PEOPLE = 100
"""The most people whose rows and members one transaction changes."""

IsStale = Callable[[FromClause], ColumnElement[bool]]
"""Says of `notifications`, or of their members, which rows are stale."""

Values = Callable[[FromClause], Mapping[str, Any]]
"""Gives what is to be set in stale rows of `notifications`, or of their members."""


async def rewrite(database: AsyncEngine, is_stale: IsStale, values: Values) -> None:
    """Set values in all rows and members that are stale, some people at a time; afterwards none may be stale.

    It can be begun again: what is rewritten is no longer stale.
    """
    while await retry_on_conflict(lambda: _rewrite_some(database, is_stale, values)):
        pass


async def _rewrite_some(database: AsyncEngine, is_stale: IsStale, values: Values) -> bool:
    """Rewrite what some people have; say whether there were any."""
    rows, members = notifications.c, notification_members.c
    stale_row, stale_member = is_stale(notifications), is_stale(notification_members)
    with_stale = union(select(rows.user_id).where(stale_row), select(members.user_id).where(stale_member)).subquery()
    async with database.begin() as connection:
        # A person erased in between would be given a new inbox by the lock below.
        await hold_off_erasures(connection)
        found = await connection.execute(select(with_stale.c.user_id).order_by(with_stale.c.user_id).limit(PEOPLE))
        people = found.scalars().all()
        if not people:
            return False
        heads = await lock_inboxes(connection, people)
        # Asked again under the locks: whoever was rewritten by somebody else since takes no number.
        found = await connection.execute(select(rows.user_id).where(stale_row, rows.user_id.in_(people)).distinct())
        seqs = {user_id: heads[user_id].move_on() for user_id in found.scalars()}
        if seqs:
            await write_heads(connection, heads)
            await connection.execute(
                update(notifications)
                .where(rows.user_id == bindparam("of_user"), stale_row)
                .values(seq=bindparam("next_seq"), **values(notifications)),
                [{"of_user": user_id, "next_seq": seq} for user_id, seq in seqs.items()],
            )
        await connection.execute(
            update(notification_members)
            .where(members.user_id.in_(people), stale_member)
            .values(**values(notification_members))
        )
        await append_rows(connection, outbox, delivery_messages(await _frames(connection, heads, seqs)))
        return True


async def _frames(
    connection: AsyncConnection, heads: Mapping[UUID, Head], seqs: Mapping[UUID, int]
) -> Sequence[PersonalFrame]:
    if not seqs:
        return ()
    rows = notifications.c
    changed = await connection.execute(
        select(notifications)
        .where(tuple_(rows.user_id, rows.seq).in_(list(seqs.items())))
        .order_by(rows.user_id, rows.id)
    )
    frames = []
    for user_id, group in groupby(changed, key=lambda row: row.user_id):
        own, head = list(group), heads[user_id]
        frame = frame_of(own[0]._asdict(), Change.UPDATED, head.unread_count) if len(own) == 1 else Resync()
        frames.append(personal_frame(user_id, head.last_seq, frame))
    return frames
