"""Comments on a task."""

from uuid import UUID

from fastapi import APIRouter, status

from task_service.api.cursor import encode_cursor
from task_service.api.dependencies import PAGE_LENGTH, Caller, From, Limit, MemberRoute, Wired
from task_service.api.schemas import Comment, CommentPage, CommentRequest
from task_service.commands import comments as commands
from task_service.commands.errors import UnknownTaskError
from task_service.queries.pages import Position
from task_service.queries.tasks import oldest_comments, task_exists

routes = APIRouter(prefix="/api/tasks/{task_id}/comments", tags=["comments"], route_class=MemberRoute)


@routes.get("")
async def list_comments(
    task_id: UUID, services: Wired, _: Caller, position: From, limit: Limit = PAGE_LENGTH
) -> CommentPage:
    """List the comments of a task, oldest first."""
    async with services.sessions() as database:
        found = await oldest_comments(database, task_id, after=position, limit=limit + 1)
        if not found and not await task_exists(database, task_id):
            raise UnknownTaskError
    items = found[:limit]
    last = items[-1].comment if len(found) > limit else None
    return CommentPage(
        items=[Comment.of(each) for each in items],
        next_cursor=encode_cursor(Position(last.created_at, last.id)) if last else None,
    )


@routes.post("", status_code=status.HTTP_201_CREATED)
async def add_comment(task_id: UUID, body: CommentRequest, services: Wired, caller: Caller) -> Comment:
    """Comment on a task; whoever comments watches it."""
    return Comment.added(await commands.add_comment(services.unit_of_work, caller.id, task_id, body.body))


@routes.delete("/{comment_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_comment(task_id: UUID, comment_id: UUID, services: Wired, caller: Caller) -> None:
    """Delete a comment; its author and administrators may."""
    await commands.delete_comment(services.unit_of_work, caller.id, task_id, comment_id)
