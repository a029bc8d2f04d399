"""Recount what is kept as counters."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, case, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.notification_types import NotificationType
from notification_worker.models import inboxes, notification_members, notifications, removed_notifications, users

INBOXES = 10_000
ROWS = 100_000
"""How many inboxes, and rows, one statement compares: each within seconds, and from a snapshot of its own."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An inbox that counts its unread rows wrongly, or has a change with a number above its own.

    It may well be above all of them: what had the latest number may be forgotten.
    """

    user_id: UUID
    unread_count: int
    unread_rows: int
    last_seq: int
    largest_seq: int

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"inbox {self.user_id}: counts {self.unread_count} unread, has {self.unread_rows}; "
            f"is at {self.last_seq}, its latest change is {self.largest_seq}"
        )


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A notification whose count is not the number of its members; one of a single event has none."""

    user_id: UUID
    notification_id: UUID
    count: int
    members: int

    def __str__(self) -> str:
        """Say it in a line."""
        return f"notification {self.notification_id} of {self.user_id}: counts {self.count}, has {self.members} members"


Differences = Sequence[Difference | RowDifference]


async def check_inboxes(database: AsyncEngine) -> Differences:
    """Compare every counter with a recount, beside all writers: each is compared within one snapshot.

    Those of erased people are left out: their rows go one by one, and nobody counts them any more.
    """
    differences: list[Difference | RowDifference] = []
    async with database.connect() as plain:
        # Each statement is its own transaction: a long one would keep the outbox from being vacuumed.
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        async for some in _ranges(connection, inboxes.c.user_id, INBOXES):
            differences += await _compare_inboxes(connection, some)
        async for some in _ranges(connection, notifications.c.id, ROWS):
            differences += await _compare_rows(connection, some)
    return differences


@dataclass(frozen=True, slots=True)
class _Range:
    """Some values of a key: above `after`, up to `last`; None is no bound."""

    after: UUID | None
    last: UUID | None = None

    def holds(self, key: ColumnElement[Any]) -> ColumnElement[bool]:
        above = true() if self.after is None else key > self.after
        return above if self.last is None else above & (key <= self.last)


async def _ranges(connection: AsyncConnection, key: Column[Any], size: int) -> AsyncIterator[_Range]:
    """Cut a primary key into ranges of so many rows, the last of them open."""
    after: UUID | None = None
    while True:
        rest = select(key).where(_Range(after).holds(key)).order_by(key)
        last = await connection.scalar(rest.offset(size - 1).limit(1))
        yield _Range(after, last)
        if last is None:
            return
        after = last


def _is_erased(user_id: ColumnElement[Any]) -> ColumnElement[bool]:
    return exists().where(users.c.id == user_id, users.c.erased_at.is_not(None))


async def _compare_inboxes(connection: AsyncConnection, some: _Range) -> list[Difference]:
    """Count and look by index, inbox by inbox, instead of reading every row there is."""
    rows, removed, heads = notifications.c, removed_notifications.c, inboxes.c
    unread_rows = select(func.count()).where(rows.user_id == heads.user_id, rows.read_at.is_(None)).scalar_subquery()
    largest_of_rows = (
        select(rows.seq).where(rows.user_id == heads.user_id).order_by(rows.seq.desc()).limit(1).scalar_subquery()
    )
    largest_of_removed = (
        select(removed.seq)
        .where(removed.user_id == heads.user_id)
        .order_by(removed.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    counted = (
        select(
            heads.user_id,
            heads.unread_count,
            unread_rows.label("unread_rows"),
            heads.last_seq,
            func.greatest(largest_of_rows, largest_of_removed, 0).label("largest_seq"),
        )
        .where(some.holds(heads.user_id), ~_is_erased(heads.user_id))
        .subquery()
    )
    of = counted.c
    different = (
        select(counted).where(or_(of.unread_count != of.unread_rows, of.largest_seq > of.last_seq)).order_by(of.user_id)
    )
    return [Difference(*row) for row in await connection.execute(different)]


async def _compare_rows(connection: AsyncConnection, some: _Range) -> list[RowDifference]:
    rows, members = notifications.c, notification_members.c
    counted = (
        select(members.notification_id, func.count().label("members"))
        .where(some.holds(members.notification_id))
        .group_by(members.notification_id)
        .subquery()
    )
    # A row of one event is its own only member, unless it is a digest.
    without_members = case((rows.type == NotificationType.DIGEST.value, 0), else_=1)
    different = (
        select(rows.user_id, rows.id, rows.count, func.coalesce(counted.c.members, 0))
        .join_from(notifications, counted, counted.c.notification_id == rows.id, isouter=True)
        .where(
            some.holds(rows.id),
            rows.count != func.coalesce(counted.c.members, without_members),
            ~_is_erased(rows.user_id),
        )
        .order_by(rows.id)
    )
    return [RowDifference(*row) for row in await connection.execute(different)]
