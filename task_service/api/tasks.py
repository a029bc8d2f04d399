"""Tasks: create, list, read, change, delete."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Response

from contracts.events.task import TaskStatus
from task_service import models
from task_service.api.cursor import encode_cursor
from task_service.api.dependencies import PAGE_LENGTH, Caller, From, IfMatch, Limit, MemberRoute, Wired
from task_service.api.entity_tag import entity_tag
from task_service.api.listed_tasks import task_page
from task_service.api.schemas import ChangeTaskRequest, CreateTaskRequest, Task, TaskPage
from task_service.commands import change_task as changing
from task_service.commands import create_task as creating
from task_service.commands import delete_task as deleting
from task_service.commands.errors import UnknownTaskError
from task_service.queries.pages import Position
from task_service.queries.tasks import find_task, newest_tasks

JSON = "application/json"

routes = APIRouter(prefix="/api/tasks", tags=["tasks"], route_class=MemberRoute)


@routes.post("", status_code=HTTPStatus.CREATED)
async def create_task(body: CreateTaskRequest, services: Wired, caller: Caller, response: Response) -> Task:
    """Create a task; its creator and its assignee watch it."""
    new = creating.NewTask(body.title, body.description, body.status, body.assignee_id)
    created = await creating.create_task(services.unit_of_work, caller.id, new)
    response.headers["Location"] = f"/api/tasks/{created.task.id}"
    return _tagged(created, response)


@routes.get("", response_model=TaskPage)
async def list_tasks(
    services: Wired,
    _: Caller,
    position: From,
    status: TaskStatus | None = None,
    assignee_id: UUID | None = None,
    limit: Limit = PAGE_LENGTH,
) -> Response:
    """List tasks, newest first."""
    found = await newest_tasks(
        services.database, status=status, assignee_id=assignee_id, before=position, limit=limit + 1
    )
    items = found[:limit]
    last = items[-1] if len(found) > limit else None
    cursor = encode_cursor(Position(last.created_at, last.id)) if last else None
    return Response(task_page(items, cursor), media_type=JSON)


@routes.get("/{task_id}")
async def get_task(task_id: UUID, services: Wired, _: Caller, response: Response) -> Task:
    """Read a task; its `ETag` is what `If-Match` of a change takes."""
    async with services.sessions() as database:
        found = await find_task(database, task_id)
    if found is None:
        raise UnknownTaskError
    return _tagged(found, response)


@routes.patch("/{task_id}")
async def change_task(  # noqa: PLR0917 (FastAPI passes them by name)
    task_id: UUID, body: ChangeTaskRequest, services: Wired, caller: Caller, versions: IfMatch, response: Response
) -> Task:
    """Change what is named; `assignee_id: null` unassigns. With `If-Match` only as long as nobody else changed it."""
    changes = body.changes()
    changed = await changing.change_task(services.unit_of_work, caller.id, task_id, changes, versions)
    return _tagged(changed, response)


@routes.delete("/{task_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_task(task_id: UUID, services: Wired, caller: Caller, versions: IfMatch) -> None:
    """Delete a task with its comments; its creator and administrators may."""
    await deleting.delete_task(services.unit_of_work, caller.id, task_id, versions)


def _tagged(found: models.TaskWithPeople, response: Response) -> Task:
    response.headers["ETag"] = entity_tag(found.task.version)
    return Task.of(found)
