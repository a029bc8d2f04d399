"""Mute tasks of which a person wants to hear nothing but being assigned."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, exists, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.clock import Clock, system_clock
from infra.database.errors import retry_on_conflict
from notification_worker.commands.pages import Page, Position, newest_first, page_of
from notification_worker.commands.people import hold_off_erasure_of
from notification_worker.models import deleted_tasks, muted_tasks

_ROWS = muted_tasks.c


@dataclass(frozen=True, slots=True)
class MutedTask:
    task_id: UUID
    muted_at: datetime


async def mute_task(database: AsyncEngine, user_id: UUID, task_id: UUID, *, clock: Clock = system_clock) -> None:
    """Mute a task from now on; one that is muted stays as it is. Of a deleted one nothing is kept.

    Raises:
        PersonErasedError: the person is gone.
    """

    async def transaction() -> None:
        async with database.begin() as connection:
            await hold_off_erasure_of(connection, user_id)
            wanted = select(literal(user_id), literal(task_id), literal(clock())).where(
                ~exists().where(deleted_tasks.c.task_id == task_id)
            )
            await connection.execute(
                insert(muted_tasks).from_select(["user_id", "task_id", "muted_at"], wanted).on_conflict_do_nothing()
            )

    await retry_on_conflict(transaction)


async def unmute_task(database: AsyncEngine, user_id: UUID, task_id: UUID) -> None:
    """Tell of a task again; one that is not muted stays as it is."""

    async def transaction() -> None:
        async with database.begin() as connection:
            await connection.execute(delete(muted_tasks).where(_ROWS.user_id == user_id, _ROWS.task_id == task_id))

    await retry_on_conflict(transaction)


async def find_muted_task(database: AsyncEngine, user_id: UUID, task_id: UUID) -> MutedTask | None:
    """Give a muted task, or None if the person has not muted it."""
    async with database.connect() as connection:
        found = await connection.execute(select(muted_tasks).where(_ROWS.user_id == user_id, _ROWS.task_id == task_id))
        row = found.one_or_none()
    return None if row is None else _of(row)


async def list_muted_tasks(database: AsyncEngine, user_id: UUID, limit: int, after: Position | None) -> Page[MutedTask]:
    """Give the muted tasks that come after a position, those muted last first, `limit` at most."""
    own = select(muted_tasks).where(_ROWS.user_id == user_id)
    async with database.connect() as connection:
        found = (await connection.execute(newest_first(own, _ROWS.muted_at, _ROWS.task_id, after, limit))).all()
    return page_of(found, limit, _of, lambda row: Position(row.muted_at, row.task_id))


def _of(row: Row[Any]) -> MutedTask:
    return MutedTask(row.task_id, row.muted_at)
