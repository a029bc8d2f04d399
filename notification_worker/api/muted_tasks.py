"""The routes of tasks that a person has muted."""

from uuid import UUID

from fastapi import APIRouter, status

from notification_worker.api.context import Asker, Context
from notification_worker.api.cursors import CursorQuery, after_of, next_cursor_of
from notification_worker.api.parameters import PAGE, PATH, Limit
from notification_worker.api.schemas import MutedTask, MutedTasksPage, TaskMuting
from notification_worker.commands import muting

routes = APIRouter(prefix=f"{PATH}/muted-tasks", tags=["muted tasks"])


@routes.get("", operation_id="listMutedTasks")
async def list_muted_tasks(
    asker: Asker, context: Context, limit: Limit = PAGE, cursor: CursorQuery = None
) -> MutedTasksPage:
    """List the asker's muted tasks, those muted last first."""
    page = await muting.list_muted_tasks(context.database, asker.user_id, limit, after_of(cursor))
    return MutedTasksPage(items=tuple(map(_shown, page.items)), next_cursor=next_cursor_of(page))


@routes.get("/{task_id}", operation_id="getMutedTask")
async def get_muted_task(asker: Asker, context: Context, task_id: UUID) -> TaskMuting:
    """Say since when a task is muted; null if it is not."""
    muted = await muting.find_muted_task(context.database, asker.user_id, task_id)
    return TaskMuting(task_id=task_id, muted_at=None if muted is None else muted.muted_at)


@routes.put("/{task_id}", operation_id="muteTask", status_code=status.HTTP_204_NO_CONTENT)
async def mute_task(asker: Asker, context: Context, task_id: UUID) -> None:
    """Hear nothing more of a task but being assigned; doing it twice is doing it once."""
    await muting.mute_task(context.database, asker.user_id, task_id)


@routes.delete("/{task_id}", operation_id="unmuteTask", status_code=status.HTTP_204_NO_CONTENT)
async def unmute_task(asker: Asker, context: Context, task_id: UUID) -> None:
    """Hear of a task again; one that is not muted stays so."""
    await muting.unmute_task(context.database, asker.user_id, task_id)


def _shown(muted: muting.MutedTask) -> MutedTask:
    return MutedTask(task_id=muted.task_id, muted_at=muted.muted_at)
