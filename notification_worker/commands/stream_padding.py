"""When the stream of deliveries is padded, so that its oldest segments go.

RabbitMQ removes a segment when it is older than the stream's age, and looks at ages only when the newest segment is
full. So a name goes with two paddings of a whole segment. The first fills the segment that holds it: nothing is
written there any more. The second, when the age has passed since, makes the broker look. Every padding serves all
erasures that waited when it began, and paddings keep a distance, so that many erasures cost no more than a few.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.topology import DELIVERIES, DELIVERIES_AGE, DELIVERIES_SEGMENT_BYTES
from notification_worker.models import erasures, stream_paddings

_ERASURES, _PADDING = erasures.c, stream_paddings.c
_THIS = _PADDING.stream == DELIVERIES


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What the stream was declared with, and our care: for clocks that differ, and for those who come together."""

    age: timedelta = DELIVERIES_AGE
    segment_bytes: int = DELIVERIES_SEGMENT_BYTES
    clock_difference: timedelta = timedelta(minutes=1)
    distance: timedelta = timedelta(minutes=1)


async def padding_left(database: AsyncEngine, limits: StreamLimits, now: datetime) -> int | None:
    """Say how many bytes are still to be written of the padding under way, or of one that is due, and so begins.

    None is for no padding.
    """
    async with database.begin() as connection:
        row = (await connection.execute(select(stream_paddings).where(_THIS).with_for_update())).one_or_none()
        if row is None or row.finished_at is not None:
            rests = row is not None and now < row.began_at + limits.distance
            if rests or not await _is_due(connection, limits, now):
                return None
            await _begin(connection, now)
            return limits.segment_bytes
        return max(limits.segment_bytes - int(row.bytes), 0)


async def note_padded(database: AsyncEngine, size: int) -> None:
    """Note that the broker has confirmed so many bytes more."""
    async with database.begin() as connection:
        await connection.execute(update(stream_paddings).where(_THIS).values(bytes=_PADDING.bytes + size))


async def finish_padding(database: AsyncEngine, limits: StreamLimits, now: datetime) -> None:
    """Note that the segment is full, and what that means for every erasure that waited when the padding began."""
    async with database.begin() as connection:
        unfinished = select(stream_paddings).where(_THIS, _PADDING.finished_at.is_(None)).with_for_update()
        row = (await connection.execute(unfinished)).one_or_none()
        if row is None:
            return
        await connection.execute(update(stream_paddings).where(_THIS).values(finished_at=now))
        old_enough = row.began_at - limits.age - limits.clock_difference
        await connection.execute(
            update(erasures).where(_ERASURES.gone_at.is_(None), _ERASURES.closed_at <= old_enough).values(gone_at=now)
        )
        await connection.execute(
            update(erasures)
            .where(_ERASURES.closed_at.is_(None), _ERASURES.sent_at <= row.began_at)
            .values(closed_at=now)
        )


async def _is_due(connection: AsyncConnection, limits: StreamLimits, now: datetime) -> bool:
    to_close = _ERASURES.sent_at.is_not(None) & _ERASURES.closed_at.is_(None)
    aged = _ERASURES.gone_at.is_(None) & (_ERASURES.closed_at <= now - limits.age - limits.clock_difference)
    return bool(await connection.scalar(select(exists().where(or_(to_close, aged)))))


async def _begin(connection: AsyncConnection, now: datetime) -> None:
    begun = insert(stream_paddings).values(stream=DELIVERIES, began_at=now, bytes=0, finished_at=None)
    await connection.execute(
        begun.on_conflict_do_update(
            index_elements=["stream"],
            set_={name: begun.excluded[name] for name in ("began_at", "bytes", "finished_at")},
        )
    )
