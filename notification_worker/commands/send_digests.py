"""Send the digests that are due: what waited becomes one notification, and its members.

A digest and what it takes from those who wait are one transaction under the person's inbox lock. So any number of
schedulers may look at once, and be killed at any moment: who comes second finds nothing due.

A person whose digest fails, by what waits for them, holds up nobody else: what is theirs goes on waiting.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Row,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from contracts.notification_types import Frequency, NotificationType, Outcome
from contracts.socket.frames import Change
from infra.clock import Clock, system_clock
from infra.database.errors import is_database_away, retry_on_conflict, sql_state
from infra.outbox.writer import append_rows
from infra.telemetry.logging import get_logger
from notification_worker.audience.watching import in_order
from notification_worker.audience.wording import digest_message
from notification_worker.commands.delivery_messages import delivery_messages, personal_frame
from notification_worker.commands.inbox_log import Head, write_heads
from notification_worker.commands.notification_rows import frame_of
from notification_worker.commands.task_history import HeldBackEvent, note_held_back
from notification_worker.models import inboxes, muted_tasks, notification_members, notifications, outbox, preferences

SOURCE = "/notification-worker"
"""The `event_source` of a digest, which no event asked for."""

PEOPLE = 100
"""The most people who get their digests in one call."""

FAILURES = 1_000
"""The most people whose digest may fail in one call; that many have no trouble of their own, and the call fails too."""

MEMBERS = 10_000
"""The most events that one transaction sends, so that nobody waits long for the inbox; more make a second digest."""

STATEMENT_ROWS = 1_000
"""The most members that one statement changes."""

log = get_logger("digests")

_DIGESTS = (Frequency.HOURLY, Frequency.DAILY)

_ROWS = notification_members.c
_DUE = (
    select(_ROWS.user_id)
    .where(
        _ROWS.due_at <= bindparam("now"),
        _ROWS.user_id != func.all(cast(bindparam("failed", type_=ARRAY(Uuid)), ARRAY(Uuid))),
    )
    .order_by(_ROWS.due_at, _ROWS.user_id)
    .limit(MEMBERS)
    .subquery()
)
_PEOPLE = select(_DUE.c.user_id).distinct().limit(PEOPLE)
_LOCK = select(inboxes).where(inboxes.c.user_id == bindparam("of_user")).with_for_update()
_MUTED = and_(
    _ROWS.type != NotificationType.TASK_ASSIGNED.value,
    exists().where(muted_tasks.c.user_id == _ROWS.user_id, muted_tasks.c.task_id == _ROWS.task_id),
)
# By the person alone and not by when they are due: at nine in the morning nearly all that waits is due, and an index
# of when would be read through for each person.
_WAITING = (
    select(
        _ROWS.id,
        _ROWS.due_at,
        _ROWS.frequency,
        _ROWS.reasons,
        _ROWS.event_source,
        _ROWS.event_id,
        case(
            (_MUTED, Outcome.MUTED.value),
            (preferences.c.frequencies[_ROWS.type].astext == Frequency.OFF.value, Outcome.PREFERENCE.value),
            else_=None,
        ).label("outcome"),
    )
    .join_from(notification_members, preferences, preferences.c.user_id == _ROWS.user_id, isouter=True)
    .where(_ROWS.user_id == bindparam("of_user"), _ROWS.due_at.is_not(None))
    .order_by(_ROWS.due_at, _ROWS.id)
    .limit(MEMBERS)
    .with_for_update(of=notification_members)
)
_INSERT = insert(notifications).returning(notifications)
_THESE = _ROWS.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))
_GATHER = update(notification_members).where(_THESE).values(notification_id=bindparam("digest_id"), due_at=None)
_DROP = delete(notification_members).where(_THESE)

Waiting = Row[*tuple[Any, ...]]
Item = TypeVar("Item")


async def send_due_digests(database: AsyncEngine, *, clock: Clock = system_clock) -> int:
    """Send digests that are due, of `PEOPLE` at a time; say how many were sent, 0 when none is left.

    Somebody whose digest fails counts as nobody to whom one was sent, and is looked at again by the next call.

    Raises:
        DBAPIError: the database is away, or an inbox stayed locked by somebody else; what was sent before stays sent.
        Exception: the digests of `FAILURES` people failed, the last one by this.
    """
    failed: set[UUID] = set()
    # A turn that sends nothing has dropped what it found, or passes it by: so each finds less than the one before.
    while people := await _people_with_due(database, clock(), failed):
        sent = 0
        for user_id in people:
            try:
                sent += await retry_on_conflict(partial(_send_to, database, user_id, clock))
            except Exception as error:
                if is_database_away(error):
                    raise
                kind, state = type(error).__name__, sql_state(error)
                log.error("digest_failed", error=kind, state=state)  # noqa: TRY400 (its text may be private)
                failed.add(user_id)
                if len(failed) >= FAILURES:
                    raise
        if sent:
            return sent
    return 0


async def _people_with_due(database: AsyncEngine, now: datetime, failed: AbstractSet[UUID]) -> list[UUID]:
    """Name some people in no order, so that several schedulers seldom meet, and a locked inbox holds nobody up."""
    async with database.connect() as connection:
        people = list((await connection.execute(_PEOPLE, {"now": now, "failed": list(failed)})).scalars())
    random.shuffle(people)
    return people


async def _send_to(database: AsyncEngine, user_id: UUID, clock: Clock) -> int:
    """Send what is due for one person, a digest for each frequency; say how many."""
    async with database.begin() as connection:
        # Not made where there is none: the person was erased, and nothing of theirs waits any more.
        inbox = (await connection.execute(_LOCK, {"of_user": user_id})).one_or_none()
        if inbox is None:
            return 0
        now = clock()
        waiting: Iterable[Waiting] = await connection.execute(_WAITING, {"of_user": user_id})
        due = [one for one in waiting if one.due_at <= now]
        digests = {
            frequency: members
            for frequency in _DIGESTS
            if (members := [one for one in due if one.outcome is None and one.frequency == frequency])
        }
        head = Head(inbox.last_seq, inbox.unread_count)
        frames = []
        for frequency, members in digests.items():
            row = _digest(user_id, head.move_on(unread=1), frequency, members, now)
            frames.append(await _write(connection, row, members, head.unread_count))
        await write_heads(connection, {user_id: head})
        await _drop(connection, user_id, [one for one in due if one.outcome is not None])
        await append_rows(connection, outbox, delivery_messages(frames))
        return len(digests)


def _digest(user_id: UUID, seq: int, frequency: Frequency, members: Sequence[Waiting], now: datetime) -> dict[str, Any]:
    digest_id = uuid7()
    # As text: a newer release may have written one that is not known here.
    reasons: tuple[str, ...] = in_order(reason for member in members for reason in member.reasons)
    return {
        "id": digest_id,
        "user_id": user_id,
        "seq": seq,
        "type": NotificationType.DIGEST.value,
        "message": digest_message(frequency, len(members)),
        "reasons": list(reasons),
        "count": len(members),
        "created_at": now,
        "updated_at": now,
        "event_source": SOURCE,
        "event_id": f"digest/{digest_id}",
    }


async def _write(
    connection: AsyncConnection, row: dict[str, Any], members: Sequence[Waiting], unread_count: int
) -> str:
    """Write a digest and give it its members."""
    written = (await connection.execute(_INSERT, row)).one()
    for some in _in_chunks(member.id for member in members):
        await connection.execute(_GATHER, {"ids": some, "digest_id": row["id"]})
    return personal_frame(row["user_id"], row["seq"], frame_of(written._asdict(), Change.ADDED, unread_count))


async def _drop(connection: AsyncConnection, user_id: UUID, members: Sequence[Waiting]) -> None:
    """Delete what is not to be told after all, and note which rule holds it back now."""
    for some in _in_chunks(member.id for member in members):
        await connection.execute(_DROP, {"ids": some})
    held_back = (HeldBackEvent(one.event_source, one.event_id, user_id, Outcome(one.outcome)) for one in members)
    for some in _in_chunks(held_back):
        await note_held_back(connection, some)


def _in_chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while some := list(islice(rest, STATEMENT_ROWS)):
        yield some
