"""Change notifications of many people at once, as the deletion of a task or the erasure of a person asks.

What is stale is looked up without a lock, then changed step by step, in the order of the people: a step holds their
inboxes only for a bounded number of rows, so that whoever marks or tells in between waits for one step at most.

A person's rows of one step take one new number. A window is sent the new row if there is one; for more it is told to
ask `sync`, since one number stands for all of them. Members change with the rows, and take none: they are asked for,
never pushed.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Row,
    Table,
    Uuid,
    bindparam,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.socket.frames import Change, Resync
from infra.database.errors import retry_on_conflict
from infra.outbox.writer import append_rows
from notification_worker.commands.delivery_messages import delivery_messages, personal_frame
from notification_worker.commands.inbox_log import Head, lock_inboxes_left, write_heads
from notification_worker.commands.notification_rows import frame_of
from notification_worker.models import inboxes, notification_members, notifications, outbox

STEP = 1_000
"""The most rows and members, together, that one transaction changes; so many inboxes at most it locks."""

FOUND = 20_000
"""The most rows, and the most members, that are looked up at a time.

More than a step, since what is rewritten may stay in the index by which it is found, and is then passed over.
"""

IsStale = Callable[[FromClause], ColumnElement[bool]]
"""Says of `notifications`, or of their members, which rows are stale."""

Values = Callable[[FromClause], Mapping[str, Any]]
"""Gives what is to be set in stale rows of `notifications`, or of their members."""

Found = Sequence[Row[tuple[UUID, UUID, bool]]]
"""The person, the id, and whether it is a member, of each that was stale when it was looked up."""

_ROWS, _MEMBERS, _HEADS = notifications.c, notification_members.c, inboxes.c
_IDS = bindparam("ids", type_=ARRAY(Uuid))

_CHANGED_ROWS = select(notifications).where(_ROWS.id == func.any(_IDS))
_SEQ = select(_HEADS.last_seq).where(_HEADS.user_id == _ROWS.user_id).scalar_subquery()


async def rewrite(database: AsyncEngine, is_stale: IsStale, values: Values) -> None:
    """Set values in all rows and members that are stale, `STEP` in a transaction; afterwards none may be stale.

    It can be begun again: what is rewritten is no longer stale.
    """
    while found := await _find(database, is_stale):
        for first in range(0, len(found), STEP):
            await retry_on_conflict(partial(_rewrite, database, found[first : first + STEP], is_stale, values))


async def _find(database: AsyncEngine, is_stale: IsStale) -> Found:
    """Look up some that are stale, in the order of their people."""
    rows = select(_ROWS.user_id, _ROWS.id, literal(value=False).label("is_member"))
    members = select(_MEMBERS.user_id, _MEMBERS.id, literal(value=True))
    some = union_all(
        select(rows.where(is_stale(notifications)).order_by(_ROWS.user_id).limit(FOUND).subquery()),
        # No index has these in an order.
        select(members.where(is_stale(notification_members)).limit(FOUND).subquery()),
    ).subquery()
    async with database.connect() as connection:
        return (await connection.execute(select(some).order_by(some.c.user_id))).all()


async def _rewrite(database: AsyncEngine, found: Found, is_stale: IsStale, values: Values) -> None:
    """Rewrite those that are still stale."""
    rewrite_rows = update(notifications).where(_ROWS.id == func.any(_IDS)).values(seq=_SEQ, **values(notifications))
    rewrite_members = (
        update(notification_members).where(_MEMBERS.id == func.any(_IDS)).values(**values(notification_members))
    )
    async with database.begin() as connection:
        heads = await lock_inboxes_left(connection, (one.user_id for one in found))
        # Asked again under the locks: whoever was rewritten by somebody else since takes no number.
        rows = await _still_stale(connection, notifications, [one.id for one in found if not one.is_member], is_stale)
        members = await _still_stale(
            connection, notification_members, [one.id for one in found if one.is_member], is_stale
        )
        numbers = Counter(rows.values())
        for user_id in numbers:
            heads[user_id].move_on()
        await write_heads(connection, heads)
        if rows:
            await connection.execute(rewrite_rows, {"ids": list(rows)})
        if members:
            await connection.execute(rewrite_members, {"ids": list(members)})
        alone = [row_id for row_id, user_id in rows.items() if numbers[user_id] == 1]
        await append_rows(connection, outbox, delivery_messages(await _frames(connection, heads, numbers, alone)))


async def _still_stale(
    connection: AsyncConnection, table: Table, ids: Sequence[UUID], is_stale: IsStale
) -> dict[UUID, UUID]:
    """Give the person of each that is stale now."""
    if not ids:
        return {}
    # As a value and not as a condition: for that, an index of all that are stale would be read in every step.
    asked = select(table.c.id, table.c.user_id, is_stale(table).label("is_stale")).where(table.c.id == func.any(_IDS))
    return {row.id: row.user_id for row in await connection.execute(asked, {"ids": ids}) if row.is_stale}


async def _frames(
    connection: AsyncConnection, heads: Mapping[UUID, Head], numbers: Mapping[UUID, int], alone: Sequence[UUID]
) -> list[str]:
    """Make a frame for each person: of the row that is `alone` theirs to have changed, or else to ask."""
    changed = (await connection.execute(_CHANGED_ROWS, {"ids": alone})).all() if alone else []
    shown = {row.user_id: frame_of(row._asdict(), Change.UPDATED, heads[row.user_id].unread_count) for row in changed}
    return [
        personal_frame(user_id, heads[user_id].last_seq, shown.get(user_id, Resync())) for user_id in sorted(numbers)
    ]
