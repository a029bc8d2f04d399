"""Remove everything of a person's own, in small transactions, so that nobody waits for more than one of them.

It can be stopped between any two, and begun again: what is removed is counted in the transaction that removes it.
"""

from collections.abc import Mapping
from functools import partial

from sqlalchemy import Table, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events.user import UserErased
from infra.database.errors import retry_on_conflict
from notification_worker.commands.erasures import note_removed
from notification_worker.commands.inbox_log import lock_inboxes_left
from notification_worker.models import (
    export_requests,
    held_back_events,
    inboxes,
    muted_tasks,
    notification_members,
    notifications,
    preferences,
    removed_notifications,
    watchers,
)

STEP = 1_000
"""The most rows that one transaction removes."""

_OWN: Mapping[str, Table] = {
    "notification_members": notification_members,
    "notifications": notifications,
    "removed_notifications": removed_notifications,
    "watched_tasks": watchers,
    "muted_tasks": muted_tasks,
    "preferences": preferences,
    "held_back_events": held_back_events,
    "export_requests": export_requests,
}
"""What is the person's own, by what the receipt calls it, and in the order in which it goes.

Members go before their notifications, which would take any number of them along.
"""


async def remove_own_rows(database: AsyncEngine, event: UserErased) -> None:
    """Remove all rows and the inbox of the person, who is erased already: nothing new is written for them.

    An export that is being answered is waited for, since what it writes holds the name; it holds up nobody else.
    """
    for what, table in _OWN.items():
        while await retry_on_conflict(partial(_remove_some, database, event, what, table)):
            pass
    async with database.begin() as connection:
        await connection.execute(delete(inboxes).where(inboxes.c.user_id == event.data.user_id))


async def _remove_some(database: AsyncEngine, event: UserErased, what: str, table: Table) -> bool:
    """Remove some rows of a table, and say whether there were any."""
    user_id = event.data.user_id
    some = select(*table.primary_key).where(table.c.user_id == user_id).limit(STEP)
    async with database.begin() as connection:
        await lock_inboxes_left(connection, [user_id])
        removed = await connection.execute(delete(table).where(tuple_(*table.primary_key).in_(some)))
        if removed.rowcount:
            await note_removed(connection, event, {what: removed.rowcount})
        return removed.rowcount > 0
