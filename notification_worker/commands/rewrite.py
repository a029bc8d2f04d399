"""Change notifications of many people at once, as the deletion of a task or the erasure of a person asks.

Each person's rows change together and take one new number. A window is sent the new row if there is one; for more
it is told to ask `sync`, since one number stands for all of them.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.deliveries import PersonalFrame
from contracts.socket.frames import Change, NotificationFrame, NotificationPayload, Resync
from infra.database.errors import retry_on_conflict
from infra.outbox.writer import append_rows
from notification_worker.commands.delivery_messages import delivery_messages, personal_frame
from notification_worker.commands.event_claims import hold_off_erasures
from notification_worker.commands.inbox_log import Head, lock_inboxes, write_heads
from notification_worker.commands.notification_rows import notification_of
from notification_worker.models import notifications, outbox

PEOPLE = 1_000
"""The most people whose rows one transaction changes."""


async def rewrite(database: AsyncEngine, stale: ColumnElement[bool], values: Mapping[str, Any]) -> None:
    """Set values in all rows that are stale, in transactions of `PEOPLE`; afterwards no row may be stale.

    It can be begun again: what is rewritten is no longer stale.
    """
    while await retry_on_conflict(lambda: _rewrite_some(database, stale, values)):
        pass


async def _rewrite_some(database: AsyncEngine, stale: ColumnElement[bool], values: Mapping[str, Any]) -> bool:
    """Rewrite some people's rows; say whether there were any."""
    rows = notifications.c
    people_with_stale = select(rows.user_id).where(stale).distinct().order_by(rows.user_id).limit(PEOPLE)
    async with database.begin() as connection:
        # A person erased in between would be given a new inbox by the lock below.
        await hold_off_erasures(connection)
        people = (await connection.execute(people_with_stale)).scalars().all()
        if not people:
            return False
        heads = await lock_inboxes(connection, people)
        # Asked again under the locks: whoever was rewritten by somebody else since takes no number.
        found = await connection.execute(people_with_stale.where(rows.user_id.in_(people)))
        seqs = {user_id: heads[user_id].move_on() for user_id in found.scalars()}
        if seqs:
            await write_heads(connection, heads)
            await connection.execute(
                update(notifications)
                .where(rows.user_id == bindparam("of_user"), stale)
                .values(seq=bindparam("next_seq"), **values),
                [{"of_user": user_id, "next_seq": seq} for user_id, seq in seqs.items()],
            )
            await append_rows(connection, outbox, delivery_messages(await _frames(connection, heads, seqs)))
        return True


async def _frames(
    connection: AsyncConnection, heads: Mapping[UUID, Head], seqs: Mapping[UUID, int]
) -> list[PersonalFrame]:
    rows = notifications.c
    changed = await connection.execute(
        select(notifications)
        .where(tuple_(rows.user_id, rows.seq).in_(list(seqs.items())))
        .order_by(rows.user_id, rows.id)
    )
    frames = []
    for user_id, group in groupby(changed, key=lambda row: row.user_id):
        own, head = list(group), heads[user_id]
        if len(own) > 1:
            frames.append(personal_frame(user_id, head.last_seq, Resync()))
            continue
        payload = NotificationPayload(
            **dict(notification_of(own[0])), change=Change.UPDATED, unread_count=head.unread_count
        )
        frames.append(personal_frame(user_id, head.last_seq, NotificationFrame(payload=payload)))
    return frames
