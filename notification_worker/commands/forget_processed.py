"""Forget which events were processed, when none of them can be on its way any more.

An event comes again when its acknowledgement, or its confirm to the relay, was lost: then it still lies in its queue or
in the outbox, and comes as soon as somebody reads there. So 30 days are those of an outage, not of an ordinary day. A
dead letter was not processed, so nothing is known of it to forget; it may be replayed however late.

An event that does come again later is applied like a new one. Whoever still has what they were told is not told again,
since that row names its event; who has it no more, because it was read and freed by its age, is. Watching goes by the
numbers of a task's events, deletions and erasures by notes of their own: to these an old event does nothing.
"""

from datetime import datetime, timedelta

from sqlalchemy import Delete, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.clock import Clock, system_clock
from notification_worker.models import processed_events

KEPT = timedelta(days=30)
"""For how long an event that comes again is known; what we promise to those who send requests."""

ROWS = 1_000
"""The most rows that one transaction frees."""

_ROWS = processed_events.c
_NAME = (_ROWS.consumer, _ROWS.source, _ROWS.event_id)


async def forget_processed(database: AsyncEngine, *, clock: Clock = system_clock) -> int:
    """Forget the oldest, `ROWS` at most, in one transaction; say how many. Any number of these may run at once.

    What another one is about to free is passed by.
    """
    async with database.begin() as connection:
        return (await connection.execute(_free(clock() - KEPT))).rowcount


def _free(before: datetime) -> Delete:
    oldest = (
        select(*_NAME)
        .where(_ROWS.processed_at < before)
        .order_by(_ROWS.processed_at)
        .limit(ROWS)
        .with_for_update(skip_locked=True)
    )
    return delete(processed_events).where(tuple_(*_NAME).in_(oldest))
