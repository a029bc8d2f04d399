"""The rows that a change begins with."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from task_service.commands.errors import SessionOverError, UnknownTaskError, VersionConflictError
from task_service.commands.task_events import People
from task_service.models import Task, User

Versions = AbstractSet[int] | None
"""The versions that a client would change (`If-Match`); None when any will do."""


async def lock_task(session: AsyncSession, task_id: UUID, versions: Versions = None) -> Task:
    """Read a task and hold its row until the end of the transaction.

    The people of the task are read afterwards, never in a join: PostgreSQL, having waited for the lock, would show
    the task as it is now beside the people of the task as it was.

    Raises:
        UnknownTaskError: there is none (any more).
        VersionConflictError: it is in none of the given versions.
    """
    task = await session.scalar(select(Task).where(Task.id == task_id).with_for_update())
    if task is None:
        raise UnknownTaskError
    if versions is not None and task.version not in versions:
        raise VersionConflictError(f"the task was changed in the meantime; it is at version {task.version} now")
    return task


async def load_people(session: AsyncSession, ids: Iterable[UUID | None]) -> People:
    """Read the people of a change; those unknown are missing from the answer.

    Until the end of the transaction none of them is renamed or erased: who is not erased now may watch, and be named.
    """
    wanted = {user_id for user_id in ids if user_id is not None}
    people = select(User).where(User.id.in_(wanted)).order_by(User.id).with_for_update(read=True)
    return {user.id: user for user in await session.scalars(people)}


def actor_among(people: People, actor_id: UUID) -> User:
    """Give who makes a change.

    Raises:
        SessionOverError: they were erased after their request was let in.
    """
    actor = people.get(actor_id)
    if actor is None or actor.erased_at is not None:
        raise SessionOverError
    return actor
