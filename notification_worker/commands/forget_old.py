"""Free the space of what is no longer shown. Age decides what is shown, so nothing here takes a number of the log.

Everything goes in small transactions, one after the other: person by person under the inbox lock, passing by whoever is
busy, who is found again in the next round. Any number of these may run at once.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from itertools import accumulate
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Row, Select, Uuid, bindparam, delete, func, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.clock import Clock, system_clock
from infra.database.errors import retry_on_conflict
from notification_worker.models import inboxes, notifications, removed_notifications, task_events

ROWS = 1_000
"""The most rows, with their members, that one transaction frees; a single row goes however many it has."""

EVENTS = 100
"""The most events of tasks that one transaction frees; with each goes the note of who was not told of it."""

PEOPLE = 1_000
"""How many inboxes one statement looks at."""

_HEADS, _ROWS, _REMOVED, _EVENTS = inboxes.c, notifications.c, removed_notifications.c, task_events.c
_OF_USER, _BEFORE = bindparam("of_user", type_=Uuid), bindparam("before", type_=DateTime(timezone=True))

_LOCK = select(_HEADS.user_id).where(_HEADS.user_id == _OF_USER).with_for_update(skip_locked=True)

_OLD = (_ROWS.created_at < _BEFORE) & _ROWS.read_at.is_not(None)
_OLDEST_ROWS = (
    select(_ROWS.id, _ROWS.seq, _ROWS.count.label("members"))
    .where(_ROWS.user_id == _OF_USER, _OLD)
    .order_by(_ROWS.created_at, _ROWS.id)
    .limit(ROWS)
)
_FREE_ROWS = delete(notifications).where(_ROWS.id == func.any(bindparam("ids", type_=ARRAY(Uuid))))

_OLDEST_REMOVALS = (
    select(_REMOVED.user_id).where(_REMOVED.removed_at < _BEFORE).order_by(_REMOVED.removed_at).limit(ROWS).subquery()
)
_PEOPLE_WITH_OLD_REMOVALS = select(_OLDEST_REMOVALS.c.user_id).distinct()
_FREE_REMOVALS = (
    delete(removed_notifications)
    .where(
        tuple_(_REMOVED.user_id, _REMOVED.seq, _REMOVED.notification_id).in_(
            select(_REMOVED.user_id, _REMOVED.seq, _REMOVED.notification_id)
            .where(_REMOVED.user_id == _OF_USER, _REMOVED.removed_at < _BEFORE)
            .order_by(_REMOVED.seq)
            .limit(ROWS)
        )
    )
    .returning(_REMOVED.seq)
)
_FORGET_UP_TO = (
    update(inboxes)
    .where(_HEADS.user_id == _OF_USER)
    .values(forgotten_seq=func.greatest(_HEADS.forgotten_seq, bindparam("largest_seq")))
)

_OLDEST_EVENTS = (
    select(_EVENTS.event_source, _EVENTS.event_id)
    .where(_EVENTS.recorded_at < _BEFORE)
    .order_by(_EVENTS.recorded_at)
    .limit(EVENTS)
    .with_for_update(skip_locked=True)
)
_FREE_EVENTS = delete(task_events).where(tuple_(_EVENTS.event_source, _EVENTS.event_id).in_(_OLDEST_EVENTS))


async def forget_old(
    database: AsyncEngine, *, history: timedelta, clock: Clock = system_clock, stop: asyncio.Event | None = None
) -> int:
    """Go through all inboxes once and free what is older than `history`; say how many rows were freed.

    Read notifications go, and removals and events of tasks. What is unread stays, with its members, until it is read.
    A `stop` that is set ends the round after the transaction under way.
    """
    before = clock() - history
    freed = 0
    async with aclosing(_free(database, before)) as steps:
        async for rows in steps:
            freed += rows
            if stop is not None and stop.is_set():
                break
    return freed


async def _free(database: AsyncEngine, before: datetime) -> AsyncGenerator[int]:
    """Work step by step, and give after each how many rows it freed."""
    after: UUID | None = None
    while heads := await _next_inboxes(database, after, before):
        for user_id in [head.user_id for head in heads if head.has_old]:
            more = True
            while more:
                rows, more = await retry_on_conflict(partial(_free_rows, database, user_id, before))
                yield rows
        after = heads[-1].user_id
        yield 0
    freed = True
    while freed:
        freed = False
        for user_id in await _people_with_old_removals(database, before):
            rows = await retry_on_conflict(partial(_free_removals, database, user_id, before))
            freed = freed or rows > 0
            yield rows
    while rows := await retry_on_conflict(partial(_free_events, database, before)):
        yield rows


async def _next_inboxes(database: AsyncEngine, after: UUID | None, before: datetime) -> list[Row[*tuple[Any, ...]]]:
    """Give the next inboxes in the order of their people, each with whether it has anything old."""
    async with database.connect() as connection:
        return list(await connection.execute(_next_people(after), {"before": before}))


def _next_people(after: UUID | None) -> Select[*tuple[Any, ...]]:
    people = select(_HEADS.user_id).order_by(_HEADS.user_id).limit(PEOPLE)
    if after is not None:
        people = people.where(_HEADS.user_id > after)
    some = people.subquery()
    # A probe of `notifications_read_oldest` for each: with LIMIT it cannot become a scan of all notifications.
    old = (
        select(true().label("found"))
        .where(_ROWS.user_id == some.c.user_id, _OLD)
        .order_by(_ROWS.created_at, _ROWS.id)
        .limit(1)
        .lateral()
    )
    return (
        select(some.c.user_id, func.coalesce(old.c.found, False).label("has_old"))
        .join_from(some, old, true(), isouter=True)
        .order_by(some.c.user_id)
    )


async def _people_with_old_removals(database: AsyncEngine, before: datetime) -> list[UUID]:
    async with database.connect() as connection:
        return list((await connection.execute(_PEOPLE_WITH_OLD_REMOVALS, {"before": before})).scalars())


async def _free_rows(database: AsyncEngine, user_id: UUID, before: datetime) -> tuple[int, bool]:
    """Free the oldest rows of one person; say how many, and whether there may be more. A busy inbox is left alone."""
    async with database.begin() as connection:
        if not await _locked(connection, user_id):
            return 0, False
        oldest = (await connection.execute(_OLDEST_ROWS, {"of_user": user_id, "before": before})).all()
        totals = accumulate(row.members for row in oldest)
        freed = [row for row, total in zip(oldest, totals, strict=True) if total <= ROWS or row is oldest[0]]
        if freed:
            await connection.execute(_FREE_ROWS, {"ids": [row.id for row in freed]})
            # A window that was away may still hold one of them as unread, and will never hear that it was read.
            await connection.execute(_FORGET_UP_TO, {"of_user": user_id, "largest_seq": max(row.seq for row in freed)})
        return len(freed), len(oldest) == ROWS or len(freed) < len(oldest)


async def _free_removals(database: AsyncEngine, user_id: UUID, before: datetime) -> int:
    """Forget the first removals of one person, and up to which number; 0 if there are none, or the inbox is busy."""
    async with database.begin() as connection:
        if not await _locked(connection, user_id):
            return 0
        seqs = (await connection.execute(_FREE_REMOVALS, {"of_user": user_id, "before": before})).scalars().all()
        if seqs:
            await connection.execute(_FORGET_UP_TO, {"of_user": user_id, "largest_seq": max(seqs)})
        return len(seqs)


async def _free_events(database: AsyncEngine, before: datetime) -> int:
    async with database.begin() as connection:
        return (await connection.execute(_FREE_EVENTS, {"before": before})).rowcount


async def _locked(connection: AsyncConnection, user_id: UUID) -> bool:
    """Lock an inbox that nobody else has locked; say whether that was so."""
    return (await connection.execute(_LOCK, {"of_user": user_id})).one_or_none() is not None
