"""Write what people are told: rows, counts and deliveries, inside the transaction of the event."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, cast, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from contracts.deliveries import PersonalFrame
from contracts.socket.frames import Change, NotificationFrame, NotificationPayload
from infra.outbox.writer import append_rows
from notification_worker.audience.rules import Telling, Told
from notification_worker.audience.wording import link_of, message_of
from notification_worker.commands.delivery_messages import delivery_messages, personal_frame
from notification_worker.commands.inbox_log import Head, lock_inboxes, write_heads
from notification_worker.commands.notification_rows import actor_of
from notification_worker.models import notifications, outbox

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
        for told in telling.told:
            once = (told.user_id, telling.event_source, telling.event_id)
            if once not in already:
                already.add(once)
                row = _row(telling, told, heads[told.user_id].move_on(unread=1), now)
                rows.append(row)
                frames.append(_frame(telling, row, heads[told.user_id]))
    if rows:
        await write_heads(connection, heads)
        await connection.execute(insert(notifications), rows)
        await append_rows(connection, outbox, delivery_messages(frames))


async def _already_told(connection: AsyncConnection, tellings: Sequence[Telling]) -> set[Once]:
    pairs = [(told.user_id, one.event_source, one.event_id) for one in tellings for told in one.told]
    user_ids, sources, event_ids = zip(*pairs, strict=True)
    wanted = (
        func.unnest(cast(user_ids, ARRAY(Uuid)), cast(sources, ARRAY(Text)), cast(event_ids, ARRAY(Text)))
        .table_valued("user_id", "event_source", "event_id")
        .render_derived()
    )
    rows = notifications.c
    found = await connection.execute(
        select(rows.user_id, rows.event_source, rows.event_id).join(
            wanted,
            (rows.user_id == wanted.c.user_id)
            & (rows.event_source == wanted.c.event_source)
            & (rows.event_id == wanted.c.event_id),
        )
    )
    return {(row.user_id, row.event_source, row.event_id) for row in found}


def _row(telling: Telling, told: Told, seq: int, now: datetime) -> dict[str, Any]:
    return {
        **asdict(telling.parts),
        "id": uuid7(),
        "user_id": told.user_id,
        "seq": seq,
        "reasons": [reason.value for reason in told.reasons],
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
