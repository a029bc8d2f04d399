"""Tasks, their comments and their watchers, to be read."""

from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Integer, Select, bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import aliased

from contracts.events.task import TaskStatus
from infra.database.direct import Statement, read
from task_service.models import Comment, CommentWithAuthor, Task, TaskWithPeople, User, Watcher
from task_service.queries.pages import Position

_Creator = aliased(User)
_Assignee = aliased(User)


class ListedTask(NamedTuple):
    """A task as the list shows it."""

    id: UUID
    title: str
    description: str
    status: str
    version: int
    created_at: datetime
    updated_at: datetime
    creator_id: UUID
    creator_name: str
    assignee_id: UUID | None
    assignee_name: str | None


class WatcherWithUser(NamedTuple):
    user: User
    watcher: Watcher


def _tasks() -> Select[Task, User, User]:
    return (
        select(Task, _Creator, _Assignee)
        .join(_Creator, _Creator.id == Task.creator_id)
        .outerjoin(_Assignee, _Assignee.id == Task.assignee_id)
    )


async def find_task(database: AsyncSession, task_id: UUID) -> TaskWithPeople | None:
    """Read one task."""
    row = (await database.execute(_tasks().where(Task.id == task_id))).first()
    return TaskWithPeople(*row) if row else None


async def task_exists(database: AsyncSession, task_id: UUID) -> bool:
    """Say whether there is such a task."""
    return await database.scalar(select(Task.id).where(Task.id == task_id)) is not None


async def newest_tasks(
    database: AsyncEngine,
    *,
    status: TaskStatus | None,
    assignee_id: UUID | None,
    before: Position | None,
    limit: int,
) -> list[ListedTask]:
    """List tasks, newest first, from a position on."""
    wanted: dict[str, object] = {"limit": limit}
    if status is not None:
        wanted["status"] = status
    if assignee_id is not None:
        wanted["assignee_id"] = assignee_id
    if before is not None:
        wanted |= {"before_moment": before.created_at, "before_id": before.id}
    statement = _newest(frozenset(wanted))
    rows = await read(database, lambda connection: connection.fetch(statement, **wanted))
    return [ListedTask._make(row) for row in rows]


@cache
def _newest(wanted: frozenset[str]) -> Statement:
    """Make the statement of a filter; there are as many as there are filters that can be combined."""
    query = (
        select(
            Task.id,
            Task.title,
            Task.description,
            Task.status,
            Task.version,
            Task.created_at,
            Task.updated_at,
            _Creator.id,
            _Creator.name,
            _Assignee.id,
            _Assignee.name,
        )
        .join(_Creator, _Creator.id == Task.creator_id)
        .outerjoin(_Assignee, _Assignee.id == Task.assignee_id)
        .order_by(Task.created_at.desc(), Task.id.desc())
        .limit(bindparam("limit", type_=Integer))
    )
    if "status" in wanted:
        query = query.where(Task.status == bindparam("status"))
    if "assignee_id" in wanted:
        query = query.where(Task.assignee_id == bindparam("assignee_id"))
    if "before_id" in wanted:
        moment = bindparam("before_moment", type_=Task.created_at.type)
        key = bindparam("before_id", type_=Task.id.type)
        query = query.where(tuple_(Task.created_at, Task.id) < tuple_(moment, key))
    return Statement(query)


async def oldest_comments(
    database: AsyncSession, task_id: UUID, *, after: Position | None, limit: int
) -> list[CommentWithAuthor]:
    """List the comments of a task, oldest first, from a position on."""
    query = (
        select(Comment, User)
        .join(User, User.id == Comment.author_id)
        .where(Comment.task_id == task_id)
        .order_by(Comment.created_at, Comment.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(Comment.created_at, Comment.id) > tuple_(after.created_at, after.id))
    return [CommentWithAuthor(*row) for row in await database.execute(query)]


async def watchers_of(database: AsyncSession, task_id: UUID) -> list[WatcherWithUser]:
    """List who watches a task, by name; who stopped is not among them."""
    query = (
        select(User, Watcher)
        .join(Watcher, Watcher.user_id == User.id)
        .where(Watcher.task_id == task_id, Watcher.stopped.is_(False), User.erased_at.is_(None))
        .order_by(User.name, User.id)
    )
    return [WatcherWithUser(*row) for row in await database.execute(query)]
