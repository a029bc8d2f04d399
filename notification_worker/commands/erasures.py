"""How far each erasure is, from the event that asks for it to the last answer.

The tables are rewritten when the event is applied (`erase_person`). What the name has left through before goes later:
letters that nobody could handle are looked through, and the stream of deliveries is padded until the segments that
hold the name are gone (`stream_padding`). The task service gets two answers: the first says what is pending and by
when it is gone, the second that nothing is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, exists, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from contracts.events.user import Pending, Removed, UserErased, UserErasureCompleted, UserErasureCompletedData
from contracts.topology import NOTIFICATION_WORKER
from infra.outbox.message import OutboxMessage, event_message
from infra.outbox.writer import append_rows
from notification_worker.models import erasures, outbox, outbox_set_aside

SOURCE = f"/{NOTIFICATION_WORKER}"

GONE_WITHIN = timedelta(minutes=30)
"""What the first answer promises of everything that is pending."""

DEAD_LETTERS = "dead_letters"
SET_ASIDE = "set_aside_messages"
STREAM = "delivery_stream"

_ROWS = erasures.c
_KEY = tuple_(_ROWS.event_source, _ROWS.event_id)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """How many erasures are not finished, and when the oldest of them began."""

    count: int
    oldest_begun_at: datetime | None


async def is_noted(connection: AsyncConnection, event: UserErased) -> bool:
    """Say whether an erasure has begun, and is not finished."""
    return bool(await connection.scalar(select(exists().where(_of(event)))))


async def note_erasure(connection: AsyncConnection, event: UserErased, now: datetime) -> None:
    """Note that an erasure begins."""
    await connection.execute(
        insert(erasures)
        .values(
            event_source=event.source,
            event_id=event.id,
            user_id=event.data.user_id,
            erasure_id=event.data.erasure_id,
            begun_at=now,
            removed={},
        )
        .on_conflict_do_nothing()
    )


async def noted_as_removed(connection: AsyncConnection, event: UserErased) -> dict[str, int] | None:
    """Lock an erasure; give what it has removed so far, by its kind, or None if it is finished."""
    removed: dict[str, int] | None = await connection.scalar(select(_ROWS.removed).where(_of(event)).with_for_update())
    return removed


async def note_removed(connection: AsyncConnection, event: UserErased, removed: Mapping[str, int]) -> None:
    """Add to what an erasure has removed."""
    before = await noted_as_removed(connection, event)
    if before is not None:
        after = before | {what: before.get(what, 0) + count for what, count in removed.items()}
        await connection.execute(update(erasures).where(_of(event)).values(removed=after))


async def note_rewritten(connection: AsyncConnection, event: UserErased, now: datetime) -> None:
    """Note that the tables hold no name any more, and give the first answer.

    Whoever wrote a delivery with the name held the inbox that was rewritten after it: so all of them have lower ids.
    """
    this = _of(event)
    row = (await connection.execute(select(erasures).where(this).with_for_update())).one()
    removed = Counter(row.removed) + await _remove_set_aside(connection, [row.user_id])
    last = await connection.scalar(select(func.coalesce(func.max(outbox.c.id), 0)))
    await connection.execute(update(erasures).where(this).values(last_outbox_id=last, removed=dict(removed)))
    gone_by = row.begun_at + GONE_WITHIN
    pending = [Pending(what=what, gone_by=gone_by) for what in (DEAD_LETTERS, STREAM)]
    await append_rows(connection, outbox, _answers(row, removed, pending, now))


async def unfinished_erasures(database: AsyncEngine) -> Unfinished:
    """Count them."""
    async with database.connect() as connection:
        found = await connection.execute(select(func.count(), func.min(_ROWS.begun_at)))
        count, oldest = found.one()
    return Unfinished(count, oldest)


async def people_to_sweep(database: AsyncEngine) -> frozenset[UUID]:
    """Give those whose letters were not looked for yet, though no table names them any more."""
    async with database.connect() as connection:
        waiting = (_ROWS.swept_at.is_(None)) & _ROWS.last_outbox_id.is_not(None)
        return frozenset((await connection.execute(select(_ROWS.user_id).where(waiting))).scalars())


async def note_swept(database: AsyncEngine, letters: Mapping[UUID, int], now: datetime) -> None:
    """Note of these people that their letters are gone, and how many there were."""
    async with database.begin() as connection:
        for user_id, count in sorted(letters.items()):
            these = (_ROWS.user_id == user_id) & _ROWS.swept_at.is_(None) & _ROWS.last_outbox_id.is_not(None)
            found = await connection.execute(select(erasures).where(these).with_for_update())
            for row in found.all():
                removed = Counter(row.removed) + Counter({DEAD_LETTERS: count})
                await connection.execute(
                    update(erasures).where(_is(row)).values(swept_at=now, removed=_counted(removed, DEAD_LETTERS))
                )


async def note_sent(database: AsyncEngine, now: datetime) -> None:
    """Note which erasures have none of their person's deliveries left in the outbox."""
    waits = exists().where(outbox.c.id <= _ROWS.last_outbox_id)
    async with database.begin() as connection:
        await connection.execute(
            update(erasures)
            .where(_ROWS.sent_at.is_(None), _ROWS.last_outbox_id.is_not(None), ~waits)
            .values(sent_at=now)
        )


async def people_gone_from_the_stream(database: AsyncEngine) -> frozenset[UUID]:
    """Give those whose erasure lacks nothing but the last look for letters, and its last answer."""
    async with database.connect() as connection:
        gone = _ROWS.gone_at.is_not(None) & _ROWS.swept_at.is_not(None)
        return frozenset((await connection.execute(select(_ROWS.user_id).where(gone))).scalars())


async def finish_erasures(database: AsyncEngine, letters: Mapping[UUID, int], now: datetime) -> int:
    """Give the last answers for these people, with the letters that were found since; say how many are finished."""
    async with database.begin() as connection:
        gone = _ROWS.user_id.in_(list(letters)) & _ROWS.gone_at.is_not(None) & _ROWS.swept_at.is_not(None)
        found = (await connection.execute(select(erasures).where(gone).order_by(_KEY).with_for_update())).all()
        for row in found:
            late = await _remove_set_aside(connection, [row.user_id])
            late[DEAD_LETTERS] += letters[row.user_id]
            await append_rows(connection, outbox, _answers(row, Counter(row.removed) + late, (), now))
            await connection.execute(delete(erasures).where(_is(row)))
    return len(found)


async def _remove_set_aside(connection: AsyncConnection, people: Sequence[UUID]) -> Counter[str]:
    """Remove what the relay has set aside and names these people; their windows have long missed it, and asked."""
    count = 0
    for user_id in people:
        names = outbox_set_aside.c.body.contains(str(user_id))
        count += (await connection.execute(delete(outbox_set_aside).where(names))).rowcount
    return Counter({SET_ASIDE: count})


def _of(event: UserErased) -> ColumnElement[bool]:
    return (_ROWS.event_source == event.source) & (_ROWS.event_id == event.id)


def _is(row: Row[Any]) -> Any:  # noqa: ANN401 (a condition, whose type SQLAlchemy keeps to itself)
    return (_ROWS.event_source == row.event_source) & (_ROWS.event_id == row.event_id)


def _counted(removed: Mapping[str, int], *kinds: str) -> dict[str, int]:
    return {**dict.fromkeys(kinds, 0), **removed}


def _answers(
    row: Row[Any], removed: Mapping[str, int], pending: Sequence[Pending], now: datetime
) -> list[OutboxMessage]:
    """Make the answer to an erasure that has a receipt; without one nobody waits."""
    if row.erasure_id is None:
        return []
    event = UserErasureCompleted(
        id=str(uuid7()),
        source=SOURCE,
        subject=str(row.user_id),
        partitionkey=str(row.user_id),
        time=now,
        data=UserErasureCompletedData(
            erasure_id=row.erasure_id,
            user_id=row.user_id,
            service=NOTIFICATION_WORKER,
            removed=tuple(Removed(what=what, count=count) for what, count in sorted(removed.items())),
            pending=tuple(pending),
        ),
    )
    return [event_message(event, event.routing_key)]
