"""A person is erased: what is theirs goes, and their name goes out of what others hold."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, Table, case, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.events.user import UserErased
from infra.clock import Clock
from infra.database.errors import retry_on_conflict
from notification_worker.audience.wording import FORMER_MEMBER
from notification_worker.commands.erasures import note_erasure, note_rewritten
from notification_worker.commands.event_claims import claim, hold_off_events, is_processed
from notification_worker.commands.rewrite import rewrite
from notification_worker.commands.task_history import forget_person
from notification_worker.models import (
    export_requests,
    held_back_events,
    inboxes,
    muted_tasks,
    notification_members,
    notifications,
    preferences,
    removed_notifications,
    task_events,
    users,
    watchers,
)

_OWN: Mapping[str, Table] = {
    "notifications": notifications,
    "notification_members": notification_members,
    "removed_notifications": removed_notifications,
    "watched_tasks": watchers,
    "muted_tasks": muted_tasks,
    "preferences": preferences,
    "held_back_events": held_back_events,
    "export_requests": export_requests,
}
"""What is the person's own, by what the receipt calls it."""


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
            await note_erasure(connection, event, await _held(connection, user_id), clock())
            await connection.execute(delete(watchers).where(watchers.c.user_id == user_id))
            await connection.execute(delete(inboxes).where(inboxes.c.user_id == user_id))
            for table in (preferences, muted_tasks, held_back_events, export_requests):
                await connection.execute(delete(table).where(table.c.user_id == user_id))
            return True

    async def finish() -> bool:
        async with database.begin() as connection:
            new = bool(await claim(connection, [event]))
            if new:
                await note_rewritten(connection, event, clock())
            return new

    if await retry_on_conflict(forget):
        await rewrite(database, lambda table: table.c.actor_id == user_id, _without_name)
        await forget_person(database, user_id)
        return await retry_on_conflict(finish)
    return False


async def _held(connection: AsyncConnection, user_id: UUID) -> Mapping[str, int]:
    """Count what is held of the person, and in how many rows of others they are named."""
    counts = {
        what: select(func.count()).select_from(table).where(table.c.user_id == user_id) for what, table in _OWN.items()
    }
    events = task_events.c
    counts["task_events"] = select(func.count()).where(or_(events.actor_id == user_id, events.assignee_id == user_id))
    found = await connection.execute(select(*(count.scalar_subquery().label(what) for what, count in counts.items())))
    named = 0
    for table in (notifications, notification_members):
        of_others = (table.c.actor_id == user_id) & (table.c.user_id != user_id)
        named += await connection.scalar(select(func.count()).where(of_others)) or 0
    return {**found.mappings().one(), "names_in_inboxes_of_others": named}


def _without_name(table: FromClause) -> Mapping[str, Any]:
    """Take the actor out; another service's own words may name the person too."""
    message, name = table.c.message, table.c.actor_name
    return {
        "actor_id": None,
        "actor_name": None,
        "message": case((name == "", message), else_=func.replace(message, name, FORMER_MEMBER)),
    }
