"""A person is erased: what is theirs goes, and their name goes out of what others hold.

Events wait for the first step only, which is over at once: it notes that the person is erased. Everything else goes in
small transactions, in which the inboxes of others are free again after each.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.events.user import UserErased
from infra.clock import Clock
from infra.database.errors import retry_on_conflict
from notification_worker.commands.erasures import (
    is_noted,
    note_erasure,
    note_removed,
    note_rewritten,
    noted_as_removed,
)
from notification_worker.commands.event_claims import claim, hold_off_events, is_processed
from notification_worker.commands.former_names import without_name
from notification_worker.commands.own_rows import remove_own_rows
from notification_worker.commands.rewrite import rewrite
from notification_worker.commands.task_history import forget_person
from notification_worker.models import notification_members, notifications, task_events, users

_EVENTS = "task_events"
_NAMES = "names_in_inboxes_of_others"


async def erase_person(database: AsyncEngine, event: UserErased, clock: Clock) -> bool:
    """Apply the event, and say whether it was new.

    Every step can be done again, and the event is claimed when all are done.

    After the first step no other event tells the person or writes the name, however late it comes; so the others
    find all that is left of it.
    """
    user_id = event.data.user_id

    async def begin() -> bool:
        async with database.begin() as connection:
            if await is_processed(connection, event):
                return False
            if await is_noted(connection, event):
                return True
            await hold_off_events(connection)
            noted = insert(users).values(id=user_id, erased_at=clock())
            await connection.execute(
                noted.on_conflict_do_update(
                    index_elements=["id"],
                    set_={"erased_at": func.coalesce(users.c.erased_at, noted.excluded.erased_at)},
                )
            )
            await note_erasure(connection, event, clock())
            return True

    async def count() -> None:
        async with database.begin() as connection:
            removed = await noted_as_removed(connection, event)
            if removed is not None and _NAMES not in removed:
                await note_removed(connection, event, await _named(connection, user_id))

    async def finish() -> bool:
        async with database.begin() as connection:
            new = bool(await claim(connection, [event]))
            if new:
                await note_rewritten(connection, event, clock())
            return new

    if not await retry_on_conflict(begin):
        return False
    await retry_on_conflict(count)
    # The name first: it is gone soon, however much is the person's own.
    await rewrite(database, lambda table: table.c.actor_id == user_id, _without_name)
    await forget_person(database, user_id)
    await remove_own_rows(database, event)
    return await retry_on_conflict(finish)


async def _named(connection: AsyncConnection, user_id: UUID) -> Mapping[str, int]:
    """Count in how many rows that are not their own the person is named."""
    events = task_events.c
    of_events = select(func.count()).where(or_(events.actor_id == user_id, events.assignee_id == user_id))
    named = 0
    for table in (notifications, notification_members):
        of_others = (table.c.actor_id == user_id) & (table.c.user_id != user_id)
        named += await connection.scalar(select(func.count()).where(of_others)) or 0
    return {_EVENTS: await connection.scalar(of_events) or 0, _NAMES: named}


def _without_name(table: FromClause) -> Mapping[str, Any]:
    """Take the actor out; another service's own words may name the person too."""
    return {
        "actor_id": None,
        "actor_name": None,
        "message": without_name(table.c.message, table.c.actor_name),
    }
