"""What this service holds about a person, for them to read: no hashes, and nothing that is another person's alone."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.model import rfc3339
from task_service.models import Comment, Export, Session, Task, User, Watcher

_AT_ONCE = 500

Row = dict[str, Any]


def _lists(user_id: UUID) -> Mapping[str, Executable]:
    """Give the query of each list; what it selects is what the rows are made of."""
    return {
        "sessions": select(
            Session.id,
            Session.created_at,
            Session.rotated_at.label("refreshed_at"),
            Session.expires_at,
            Session.ended_at,
        )
        .where(Session.user_id == user_id)
        .order_by(Session.created_at),
        "tasks_created": select(Task.id, Task.title, Task.description, Task.status, Task.created_at, Task.updated_at)
        .where(Task.creator_id == user_id)
        .order_by(Task.created_at, Task.id),
        "tasks_assigned": select(Task.id, Task.title, Task.status)
        .where(Task.assignee_id == user_id)
        .order_by(Task.created_at, Task.id),
        "comments": select(Comment.id, Comment.task_id, Comment.body, Comment.created_at)
        .where(Comment.author_id == user_id)
        .order_by(Comment.created_at, Comment.id),
        "watched_tasks": select(Watcher.task_id, Task.title, Watcher.reasons, Watcher.stopped)
        .join(Task, Task.id == Watcher.task_id)
        .where(Watcher.user_id == user_id)
        .order_by(Watcher.task_id),
        "exports": select(Export.id, Export.requested_at, Export.expires_at)
        .where(Export.user_id == user_id)
        .order_by(Export.requested_at),
    }


LISTS = tuple(_lists(UUID(int=0)))


async def account_of(session: AsyncSession, user_id: UUID) -> Row:
    """Give the account."""
    found = await session.execute(
        select(User.id, User.email, User.name, User.role, User.created_at).where(User.id == user_id)
    )
    return _readable(found.mappings().one())


async def rows_of(session: AsyncSession, user_id: UUID) -> AsyncIterator[tuple[str, Row]]:
    """Give everything else, row by row, each with the name of its list."""
    for section, query in _lists(user_id).items():
        rows = await session.stream(query, execution_options={"yield_per": _AT_ONCE})
        async for row in rows.mappings():
            yield section, _readable(row)


def _readable(row: Mapping[Any, Any]) -> Row:
    return {str(name): _text(value) for name, value in row.items()}


def _text(value: Any) -> Any:  # noqa: ANN401 (the value of any column)
    if isinstance(value, UUID):
        return str(value)
    return rfc3339(value) if hasattr(value, "astimezone") else value
