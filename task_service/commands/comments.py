"""Comment on a task, and take a comment back."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from contracts.events import task as events
from contracts.events.task import (
    TaskCommentAdded,
    TaskCommentAddedData,
    TaskCommentDeleted,
    TaskCommentDeletedData,
    WatchReason,
)
from task_service.commands.access import may_delete
from task_service.commands.errors import NotYoursError, UnknownCommentError
from task_service.commands.locking import load_people, lock_task
from task_service.commands.task_events import person, reference, task_event
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.watching import watch
from task_service.models import Comment, CommentWithAuthor


async def add_comment(unit_of_work: UnitOfWork, actor_id: UUID, task_id: UUID, body: str) -> CommentWithAuthor:
    """Comment on a task; the author watches it from now on.

    Raises:
        UnknownTaskError: there is no such task.
    """
    async with unit_of_work.begin() as work:
        task = await lock_task(work.session, task_id)
        actor = (await load_people(work.session, (actor_id,)))[actor_id]
        comment = Comment(id=uuid7(), task_id=task_id, author_id=actor_id, body=body, created_at=datetime.now(UTC))
        work.session.add(comment)
        added = TaskCommentAddedData(
            actor=person(actor),
            task=reference(task),
            comment=events.Comment(id=comment.id, body=body),
            watchers_added=await watch(work.session, task, actor, WatchReason.COMMENTED),
        )
        await work.record(task_event(TaskCommentAdded, task, added))
    return CommentWithAuthor(comment, actor)


async def delete_comment(unit_of_work: UnitOfWork, actor_id: UUID, task_id: UUID, comment_id: UUID) -> None:
    """Take a comment back.

    Raises:
        UnknownTaskError: there is no such task.
        UnknownCommentError: the task has no such comment.
        NotYoursError: the actor neither wrote it nor is an administrator.
    """
    async with unit_of_work.begin() as work:
        task = await lock_task(work.session, task_id)
        actor = (await load_people(work.session, (actor_id,)))[actor_id]
        comment = await work.session.get(Comment, comment_id)
        if comment is None or comment.task_id != task_id:
            raise UnknownCommentError
        if not may_delete(actor_id, actor.role, comment.author_id):
            raise NotYoursError
        await work.session.delete(comment)
        data = TaskCommentDeletedData(actor=person(actor), task=reference(task), comment_id=comment_id)
        await work.record(task_event(TaskCommentDeleted, task, data))
