"""A person is erased: what is theirs goes, and their name goes out of what others hold."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import FromClause, case, delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events.user import UserErased
from infra.clock import Clock
from infra.database.errors import retry_on_conflict
from notification_worker.audience.wording import FORMER_MEMBER
from notification_worker.commands.event_claims import claim, hold_off_events, is_processed
from notification_worker.commands.rewrite import rewrite
from notification_worker.commands.task_history import forget_person
from notification_worker.models import held_back_events, inboxes, muted_tasks, preferences, users, watchers


async def erase_person(database: AsyncEngine, event: UserErased, clock: Clock) -> bool:
    """Apply the event, and say whether it was new.

    Every step can be done again, and the event is claimed when all are done.

    After the first step no other event tells the person or writes the name, however late it comes; so the second
    finds all that is left of it.
    """
    user_id = event.data.user_id

    async def forget() -> bool:
        async with database.begin() as connection:
            await hold_off_events(connection)
            if await is_processed(connection, event):
                return False
            noted = insert(users).values(id=user_id, erased_at=clock())
            await connection.execute(
                noted.on_conflict_do_update(
                    index_elements=["id"],
                    set_={"erased_at": func.coalesce(users.c.erased_at, noted.excluded.erased_at)},
                )
            )
            await connection.execute(delete(watchers).where(watchers.c.user_id == user_id))
            await connection.execute(delete(inboxes).where(inboxes.c.user_id == user_id))
            for table in (preferences, muted_tasks, held_back_events):
                await connection.execute(delete(table).where(table.c.user_id == user_id))
            return True

    if await retry_on_conflict(forget):
        await rewrite(database, lambda table: table.c.actor_id == user_id, _without_name)
        await forget_person(database, user_id)
        async with database.begin() as connection:
            return bool(await claim(connection, [event]))
    return False


def _without_name(table: FromClause) -> Mapping[str, Any]:
    """Take the actor out; another service's own words may name the person too."""
    message, name = table.c.message, table.c.actor_name
    return {
        "actor_id": None,
        "actor_name": None,
        "message": case((name == "", message), else_=func.replace(message, name, FORMER_MEMBER)),
    }
