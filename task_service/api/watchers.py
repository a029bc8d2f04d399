"""Who watches a task."""

from uuid import UUID

from fastapi import APIRouter, status

from task_service.api.dependencies import Caller, Wired
from task_service.api.schemas import Watcher
from task_service.commands import watch_task as commands
from task_service.commands.errors import UnknownTaskError
from task_service.queries.tasks import task_exists, watchers_of

routes = APIRouter(prefix="/api/tasks/{task_id}", tags=["watchers"])


@routes.get("/watchers")
async def list_watchers(task_id: UUID, services: Wired, _: Caller) -> list[Watcher]:
    """List who watches a task, by name, each with the strongest reason."""
    async with services.sessions() as database:
        found = await watchers_of(database, task_id)
        if not found and not await task_exists(database, task_id):
            raise UnknownTaskError
    return [Watcher.watching(*each) for each in found]


@routes.put("/watch", status_code=status.HTTP_204_NO_CONTENT)
async def watch_task(task_id: UUID, services: Wired, caller: Caller) -> None:
    """Watch a task."""
    await commands.watch_task(services.unit_of_work, caller.id, task_id)


@routes.delete("/watch", status_code=status.HTTP_204_NO_CONTENT)
async def unwatch_task(task_id: UUID, services: Wired, caller: Caller) -> None:
    """Stop watching a task, until one is assigned again or watches again."""
    await commands.unwatch_task(services.unit_of_work, caller.id, task_id)
