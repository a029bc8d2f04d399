"""Comment on a task, and take a comment back."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
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

_LOCK = Statement(select(Task.id, Task.title, Task.event_sequence).where(Task.id == _task_id).with_for_update())
_ACTOR = Statement(
    select(User.id, User.name, Watcher.reasons, Watcher.stopped)
    .outerjoin(Watcher, and_(Watcher.user_id == User.id, Watcher.task_id == _task_id))
    .where(User.id == _actor_id, User.erased_at.is_(None))
    .with_for_update(read=True, of=User)
)
_WATCH = Statement(
    insert(Watcher)
    .values(task_id=bindparam("of_task"), user_id=bindparam("of_user"), reasons=bindparam("all_reasons"), stopped=False)
    .on_conflict_do_update(
        index_elements=[Watcher.task_id, Watcher.user_id],
        set_={"reasons": bindparam("all_reasons", type_=Watcher.reasons.type), "stopped": False},
    )
)
_ADD = Statement(
    append_statement(outbox).add_cte(
        insert(Comment)
        .values(
            id=bindparam("comment_id"),
            task_id=bindparam("of_task"),
            author_id=bindparam("of_actor"),
            body=bindparam("comment_body"),
            created_at=bindparam("comment_created_at"),
        )
        .cte("added"),
        update(Task).where(Task.id == _task_id).values(event_sequence=bindparam("next_sequence")).cte("moved_on"),
    )
)


async def add_comment(unit_of_work: UnitOfWork, actor_id: UUID, task_id: UUID, body: str) -> AddedComment:
    """Comment on a task; the author watches it from now on.

    Raises:
        UnknownTaskError: there is no such task.
        SessionOverError: there is no such person any more.
    """
    async with unit_of_work.begin_direct() as work:
        # Like `lock_task` and `load_people`: people are read when the lock is held, never in a join with the task.
        locked = await work.connection.fetch_one(_LOCK, task_id=task_id)
        if locked is None:
            raise UnknownTaskError
        found = await work.connection.fetch_one(_ACTOR, task_id=task_id, actor_id=actor_id)
        if found is None:
            raise SessionOverError
        task = Task(id=task_id, title=locked["title"], event_sequence=locked["event_sequence"])
        actor = User(id=actor_id, name=found["name"])
        comment = AddedComment(uuid7(), actor_id, actor.name, body, datetime.now(UTC))
        added = TaskCommentAddedData(
            actor=person(actor),
            task=reference(task),
            comment=events.Comment(id=comment.id, body=body),
            watchers_added=await _let_author_watch(work.connection, task, actor, found),
        )
        event = task_event(TaskCommentAdded, task, added)
        await work.connection.fetch(
            _ADD,
            task_id=task_id,
            next_sequence=task.event_sequence,
            of_task=task_id,
            of_actor=actor_id,
            comment_id=comment.id,
            comment_body=body,
            comment_created_at=comment.created_at,
            **append_values(event),
        )
        work.recorded = True
    return comment


async def _let_author_watch(
    connection: DirectConnection, task: Task, author: User, found: Record
) -> tuple[WatcherAdded, ...]:
    """Apply the rule of `watching`, and write the row if that changes anything."""
    watchers = {}
    if found["reasons"] is not None:
        watchers[author.id] = Watcher(
            task_id=task.id, user_id=author.id, reasons=found["reasons"], stopped=found["stopped"]
        )
    added = let_watch(watchers, task, author, WatchReason.COMMENTED)
    if added:
        reasons = list(watchers[author.id].reasons)
        await connection.fetch(_WATCH, of_task=task.id, of_user=author.id, all_reasons=reasons)
    return added


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
