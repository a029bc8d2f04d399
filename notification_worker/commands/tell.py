"""Write what people are told: rows, counts and deliveries, inside the transaction of the event."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from contracts.deliveries import PersonalFrame
from contracts.socket.frames import Change, NotificationFrame, NotificationPayload
from infra.outbox.writer import append_rows
from notification_worker.audience.rules import Telling
from notification_worker.audience.wording import Parts, link_of, message_of
from notification_worker.commands.delivery_messages import delivery_messages, personal_frame
from notification_worker.commands.inbox_log import Head, lock_inboxes, write_heads
from notification_worker.commands.notification_rows import actor_of
from notification_worker.models import notifications, outbox

_ROWS = notifications.c
_WANTED = (
    func.unnest(
        bindparam("user_ids", type_=ARRAY(Uuid)),
        bindparam("sources", type_=ARRAY(Text)),
        bindparam("event_ids", type_=ARRAY(Text)),
    )
    .table_valued("user_id", "event_source", "event_id")
    .render_derived()
)
_ALREADY = select(_ROWS.user_id, _ROWS.event_source, _ROWS.event_id).join(
    _WANTED,
    (_ROWS.user_id == _WANTED.c.user_id)
    & (_ROWS.event_source == _WANTED.c.event_source)
    & (_ROWS.event_id == _WANTED.c.event_id),
)
_INSERT = insert(notifications)

Once = tuple[UUID, str, str]
"""A person and an event: the pair that gets one notification at most."""


async def tell(connection: AsyncConnection, tellings: Sequence[Telling]) -> None:
    """Give each told person one notification with the person's next `seq`, in the order of the tellings.

    Whoever has the event's notification already is left out, and gets no number: so a part of an audience can be
    told again, and no number is taken twice or left out.
    """
    if not tellings:
        return
    heads = await lock_inboxes(connection, (told.user_id for telling in tellings for told in telling.told))
    already = await _already_told(connection, tellings)
    # Taken under the locks: among one person's notifications, a later `seq` is never older.
    now = datetime.now(UTC)
    rows: list[dict[str, Any]] = []
    frames: list[PersonalFrame] = []
    for telling in tellings:
        shared = _shared_columns(telling, now)
        for told in telling.told:
            once = (told.user_id, telling.event_source, telling.event_id)
            if once not in already:
                already.add(once)
                row = {
                    **shared,
                    "id": uuid7(),
                    "user_id": told.user_id,
                    "seq": heads[told.user_id].move_on(unread=1),
                    "reasons": [reason.value for reason in told.reasons],
                }
                rows.append(row)
                frames.append(_frame(telling, row, heads[told.user_id]))
    if rows:
        await write_heads(connection, heads)
        await connection.execute(_INSERT, rows)
        await append_rows(connection, outbox, delivery_messages(frames))


async def _already_told(connection: AsyncConnection, tellings: Sequence[Telling]) -> set[Once]:
    pairs = [(told.user_id, one.event_source, one.event_id) for one in tellings for told in one.told]
    user_ids, sources, event_ids = zip(*pairs, strict=True)
    found = await connection.execute(_ALREADY, {"user_ids": user_ids, "sources": sources, "event_ids": event_ids})
    return {(row.user_id, row.event_source, row.event_id) for row in found}


def _shared_columns(telling: Telling, now: datetime) -> dict[str, Any]:
    """Give what is the same in the rows of all who are told."""
    return {
        **{part.name: getattr(telling.parts, part.name) for part in fields(Parts)},
        "count": 1,
        "created_at": now,
        "updated_at": now,
        "event_source": telling.event_source,
        "event_id": telling.event_id,
    }


def _frame(telling: Telling, row: dict[str, Any], head: Head) -> PersonalFrame:
    parts = telling.parts
    payload = NotificationPayload(
        id=row["id"],
        seq=row["seq"],
        change=Change.ADDED,
        type=parts.type,
        message=message_of(parts),
        task_id=parts.task_id,
        link=link_of(parts),
        actor=actor_of(parts),
        reasons=tuple(row["reasons"]),
        count=row["count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        read_at=None,
        unread_count=head.unread_count,
    )
    return personal_frame(row["user_id"], row["seq"], NotificationFrame(payload=payload))
