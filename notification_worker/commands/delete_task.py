"""A task is gone: nobody watches or mutes it any more, and its notifications stay without a link.

The link is taken out of the rows, each person with a new number, instead of being left out wherever rows are read: so
a window that holds such a row learns of it like of any other change.

That a task is gone is noted for ever, in a row of an id and a moment, which names nobody. An event of the task may come
however late, as a replayed dead letter, and a page that was open may ask to mute it: without the note, people would be
told with a link to nothing, and rows would be written that no later event takes away.
"""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events.task import TaskDeleted
from infra.clock import Clock
from infra.database.errors import retry_on_conflict
from notification_worker.commands.event_claims import claim, is_processed
from notification_worker.commands.rewrite import rewrite
from notification_worker.models import deleted_tasks, muted_tasks, watchers


async def delete_task(database: AsyncEngine, event: TaskDeleted, clock: Clock) -> bool:
    """Apply the event, and say whether it was new.

    Every step can be done again, and the event is claimed when all are done.
    """
    task_id = event.data.task.id

    async def forget() -> bool:
        async with database.begin() as connection:
            if await is_processed(connection, event):
                return False
            await connection.execute(
                insert(deleted_tasks).values(task_id=task_id, deleted_at=clock()).on_conflict_do_nothing()
            )
            await connection.execute(delete(watchers).where(watchers.c.task_id == task_id))
            await connection.execute(delete(muted_tasks).where(muted_tasks.c.task_id == task_id))
            return True

    if await retry_on_conflict(forget):
        await rewrite(
            database,
            lambda table: (table.c.task_id == task_id) & ~table.c.task_deleted,
            lambda _: {"task_deleted": True},
        )
        async with database.begin() as connection:
            return bool(await claim(connection, [event]))
    return False
