"""Which events are new, and the lock that keeps an erasure and the events around it apart."""

from collections.abc import Collection, Sequence

from sqlalchemy import ARRAY, Text, bindparam, delete, exists, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import AnyEvent
from infra.database.direct import Statement, within
from notification_worker.models import processed_events

CONSUMER = "notification_worker"

_NAMES_LOCK = 0x7A5C_F1E0
"""A number of our own among the advisory locks of this database."""

_HOLD_OFF_ERASURES = select(func.pg_advisory_xact_lock_shared(_NAMES_LOCK))
_HOLD_OFF_EVENTS = select(func.pg_advisory_xact_lock(_NAMES_LOCK))

_CLAIMED = (
    func.unnest(bindparam("sources", type_=ARRAY(Text)), bindparam("event_ids", type_=ARRAY(Text)))
    .table_valued("source", "event_id")
    .render_derived()
)
_CLAIM = Statement(
    insert(processed_events)
    .from_select(
        ["consumer", "source", "event_id"],
        select(literal(CONSUMER), _CLAIMED.c.source, _CLAIMED.c.event_id),
        include_defaults=False,
    )
    .on_conflict_do_nothing()
    .returning(processed_events.c.source, processed_events.c.event_id)
)
_UNCLAIM = delete(processed_events).where(
    processed_events.c.consumer == CONSUMER,
    processed_events.c.source == _CLAIMED.c.source,
    processed_events.c.event_id == _CLAIMED.c.event_id,
)


async def hold_off_erasures(connection: AsyncConnection) -> None:
    """Until the end of the transaction nobody becomes erased: who is not erased now may be told, and named."""
    await connection.execute(_HOLD_OFF_ERASURES)


async def hold_off_events(connection: AsyncConnection) -> None:
    """Wait for the transactions that write names, and let none begin until the end of this one."""
    await connection.execute(_HOLD_OFF_EVENTS)


async def claim(connection: AsyncConnection, events: Sequence[AnyEvent]) -> list[AnyEvent]:
    """Note events as processed; give those that were not, each once, in their order.

    Another transaction that has claimed one of them and is still under way is waited for.
    """
    first: dict[tuple[str, str], AnyEvent] = {}
    for event in events:
        first.setdefault(key(event), event)
    sources, event_ids = zip(*sorted(first), strict=True)
    new = {tuple(row) for row in await within(connection, _CLAIM, sources=sources, event_ids=event_ids)}
    return [event for named, event in first.items() if named in new]


async def unclaim(connection: AsyncConnection, keys: Collection[tuple[str, str]]) -> None:
    """Take back the claim of events that this transaction has claimed, and will not apply."""
    sources, event_ids = zip(*keys, strict=True)
    await connection.execute(_UNCLAIM, {"sources": sources, "event_ids": event_ids})


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
