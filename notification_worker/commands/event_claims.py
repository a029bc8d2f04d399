"""Which events are new, and the lock that keeps an erasure and the events around it apart."""

from collections.abc import Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import AnyEvent
from notification_worker.models import processed_events

CONSUMER = "notification_worker"

_NAMES_LOCK = 0x7A5C_F1E0
"""A number of our own among the advisory locks of this database."""


async def hold_off_erasures(connection: AsyncConnection) -> None:
    """Until the end of the transaction nobody becomes erased: who is not erased now may be told, and named."""
    await connection.execute(select(func.pg_advisory_xact_lock_shared(_NAMES_LOCK)))


async def hold_off_events(connection: AsyncConnection) -> None:
    """Wait for the transactions that write names, and let none begin until the end of this one."""
    await connection.execute(select(func.pg_advisory_xact_lock(_NAMES_LOCK)))


async def claim(connection: AsyncConnection, events: Sequence[AnyEvent]) -> list[AnyEvent]:
    """Note events as processed; give those that were not, each once, in their order.

    Another transaction that has claimed one of them and is still under way is waited for.
    """
    first: dict[tuple[str, str], AnyEvent] = {}
    for event in events:
        first.setdefault(key(event), event)
    inserted = await connection.execute(
        insert(processed_events)
        .values([{"consumer": CONSUMER, "source": source, "event_id": event_id} for source, event_id in sorted(first)])
        .on_conflict_do_nothing()
        .returning(processed_events.c.source, processed_events.c.event_id)
    )
    new = {(row.source, row.event_id) for row in inserted}
    return [event for named, event in first.items() if named in new]


async def is_processed(connection: AsyncConnection, event: AnyEvent) -> bool:
    """Say whether an event was applied wholly; for events that take several transactions, which claim it last."""
    rows = processed_events.c
    return bool(
        await connection.scalar(
            select(exists().where(rows.consumer == CONSUMER, rows.source == event.source, rows.event_id == event.id))
        )
    )


def key(event: AnyEvent) -> tuple[str, str]:
    """Give what names an event: CloudEvents' source and id together."""
    return event.source, event.id
