"""Comment on a task, and take a comment back."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, false, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from uuid_utils.compat import uuid7

from contracts.events import task as events
from contracts.events.task import (
    TaskCommentAdded,
    TaskCommentAddedData,
    TaskCommentDeleted,
    TaskCommentDeletedData,
    WatcherAdded,
    WatchReason,
)
from infra.database.direct import DirectConnection, Record, Statement
from infra.outbox.writer import append_statement, append_values
from task_service.commands.access import may_delete
from task_service.commands.errors import NotYoursError, SessionOverError, UnknownCommentError, UnknownTaskError
from task_service.commands.locking import actor_among, load_people, lock_task
from task_service.commands.task_events import person, reference, task_event
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.watching import let_watch
from task_service.models import Comment, Task, User, Watcher, outbox


class AddedComment(NamedTuple):
    """A comment that was made, and by whom."""

    id: UUID
    author_id: UUID
    author_name: str
    body: str
    created_at: datetime


_task_id = bindparam("task_id", type_=Task.id.type)
_actor_id = bindparam("actor_id", type_=User.id.type)

_is_author = and_(User.id == _actor_id, User.erased_at.is_(None))
_SEEN = Statement(
    select(Task.title, Task.event_sequence, User.name, Watcher.reasons, Watcher.stopped)
    .select_from(Task)
    .outerjoin(User, _is_author)
    .outerjoin(Watcher, and_(Watcher.user_id == User.id, Watcher.task_id == Task.id))
    .where(Task.id == _task_id)
)
_WAIT_FOR_TASK = Statement(select(Task.id).where(Task.id == _task_id).with_for_update())
_WAIT_FOR_AUTHOR = Statement(select(User.id).where(User.id == _actor_id).with_for_update(read=True))

# Nothing here waits for a lock, so the order of the two does not matter.
_as_seen = (
    select(Task.id)
    .where(Task.id == _task_id, Task.event_sequence == bindparam("seen_sequence"))
    .with_for_update(skip_locked=True)
    .cte("task_as_seen")
)
_author_as_seen = (
    select(User.id)
    .where(_is_author, User.name == bindparam("seen_name"))
    .with_for_update(read=True, skip_locked=True)
    .cte("author_as_seen")
)
_moved_on = (
    update(Task)
    .where(Task.id == _as_seen.c.id, _author_as_seen.c.id == _actor_id)
    .values(event_sequence=bindparam("next_sequence"))
    .returning(Task.id)
    .cte("moved_on")
)


def _if_moved_on(table: type[Comment | Watcher], **values: ColumnElement[Any]) -> Insert:
    return insert(table).from_select(list(values), select(*values.values()).select_from(_moved_on))


_commented = _if_moved_on(
    Comment,
    id=bindparam("comment_id", type_=Comment.id.type),
    task_id=_moved_on.c.id,
    author_id=_actor_id,
    body=bindparam("comment_body", type_=Comment.body.type),
    created_at=bindparam("comment_created_at", type_=Comment.created_at.type),
).cte("commented")
_watching = (
    _if_moved_on(
        Watcher,
        task_id=_moved_on.c.id,
        user_id=_actor_id,
        reasons=bindparam("all_reasons", type_=Watcher.reasons.type),
        stopped=false(),
    )
    .on_conflict_do_update(
        index_elements=[Watcher.task_id, Watcher.user_id],
        set_={"reasons": bindparam("all_reasons", type_=Watcher.reasons.type), "stopped": False},
    )
    .cte("watching")
)
_ADD = Statement(append_statement(outbox, _moved_on).add_cte(_commented))
_ADD_AND_WATCH = Statement(append_statement(outbox, _moved_on).add_cte(_commented, _watching))


async def add_comment(unit_of_work: UnitOfWork, actor_id: UUID, task_id: UUID, body: str) -> AddedComment:
    """Comment on a task; the author watches it from now on.

    Raises:
        UnknownTaskError: there is no such task.
        SessionOverError: there is no such person any more.
    """
    async with unit_of_work.direct() as work:
        comment = await _try_to_add(work.connection, actor_id, task_id, body)
        if comment is None:
            async with work.connection.transaction():
                # The order of all commands: the task first, then people.
                await work.connection.fetch(_WAIT_FOR_TASK, task_id=task_id)
                await work.connection.fetch(_WAIT_FOR_AUTHOR, actor_id=actor_id)
                comment = await _try_to_add(work.connection, actor_id, task_id, body)
        assert comment is not None  # noqa: S101 (both rows are held, so they are as they were seen)
        work.recorded = True
    return comment


async def _try_to_add(connection: DirectConnection, actor_id: UUID, task_id: UUID, body: str) -> AddedComment | None:
    """Read what the event says, then write all in one statement, if task and author are still as they were read.

    Most tasks are commented by one person at a time: two statements, which need no transaction around them, then do
    what takes six with a lock that is waited for. The number of the task's last event tells of any change of the task
    and of its watchers; nobody is renamed or erased while the statement holds their row. Gives None, having done
    nothing, when another has changed one of them, or is about to.
    """
    seen = await connection.fetch_one(_SEEN, task_id=task_id, actor_id=actor_id)
    if seen is None:
        raise UnknownTaskError
    if seen["name"] is None:
        raise SessionOverError
    task = Task(id=task_id, title=seen["title"], event_sequence=seen["event_sequence"])
    author = User(id=actor_id, name=seen["name"])
    reasons, watchers_added = _let_author_watch(task, author, seen)
    comment = AddedComment(uuid7(), actor_id, author.name, body, datetime.now(UTC))
    added = TaskCommentAddedData(
        actor=person(author),
        task=reference(task),
        comment=events.Comment(id=comment.id, body=body),
        watchers_added=watchers_added,
    )
    event = task_event(TaskCommentAdded, task, added)
    written = await connection.fetch(
        _ADD_AND_WATCH if watchers_added else _ADD,
        task_id=task_id,
        actor_id=actor_id,
        seen_sequence=seen["event_sequence"],
        seen_name=author.name,
        next_sequence=task.event_sequence,
        comment_id=comment.id,
        comment_body=body,
        comment_created_at=comment.created_at,
        all_reasons=reasons,
        **append_values(event),
    )
    return comment if written else None


def _let_author_watch(task: Task, author: User, seen: Record) -> tuple[list[str], tuple[WatcherAdded, ...]]:
    """Apply the rule of `watching`; give all reasons that the author has now, and those that others are told of."""
    watchers = {}
    if seen["reasons"] is not None:
        watchers[author.id] = Watcher(
            task_id=task.id, user_id=author.id, reasons=seen["reasons"], stopped=seen["stopped"]
        )
    added = let_watch(watchers, task, author, WatchReason.COMMENTED)
    return list(watchers[author.id].reasons), added


async def delete_comment(unit_of_work: UnitOfWork, actor_id: UUID, task_id: UUID, comment_id: UUID) -> None:
    """Take a comment back.

    Raises:
        UnknownTaskError: there is no such task.
        UnknownCommentError: the task has no such comment.
        NotYoursError: the actor neither wrote it nor is an administrator.
        SessionOverError: the actor is gone.
    """
    async with unit_of_work.begin() as work:
        task = await lock_task(work.session, task_id)
        actor = actor_among(await load_people(work.session, (actor_id,)), actor_id)
        comment = await work.session.get(Comment, comment_id)
        if comment is None or comment.task_id != task_id:
            raise UnknownCommentError
        if not may_delete(actor_id, actor.role, comment.author_id):
            raise NotYoursError
        await work.session.delete(comment)
        data = TaskCommentDeletedData(actor=person(actor), task=reference(task), comment_id=comment_id)
        await work.record(task_event(TaskCommentDeleted, task, data))
