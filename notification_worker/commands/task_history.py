"""What is kept of a task's events to say later why somebody was, or was not, told."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.events import AnyEvent
from contracts.events.task import TaskAssigned, TaskCommentAdded, TaskEventData, TaskStatusChanged
from contracts.notification_types import Outcome
from infra.database.direct import Statement, within
from infra.database.errors import retry_on_conflict
from notification_worker.commands.surroundings import sequence_of
from notification_worker.models import held_back_events, task_events

EVENTS = 1_000
"""The most events that one transaction takes a person out of."""

_NOTED = (
    func.unnest(*(bindparam(f"all_{column.name}", type_=ARRAY(column.type)) for column in task_events.columns))
    .table_valued(*(column.name for column in task_events.columns))
    .render_derived()
)
_NOTE_EVENTS = Statement(
    insert(task_events)
    .from_select([column.name for column in task_events.columns], select(_NOTED), include_defaults=False)
    .on_conflict_do_nothing()
)

_GIVEN = (
    func.unnest(
        bindparam("sources", type_=ARRAY(Text)),
        bindparam("event_ids", type_=ARRAY(Text)),
        bindparam("user_ids", type_=ARRAY(Uuid)),
        bindparam("outcomes", type_=ARRAY(Text)),
    )
    .table_valued("event_source", "event_id", "user_id", "outcome")
    .render_derived()
)
_NOTE_HELD_BACK = (
    insert(held_back_events)
    .from_select(
        ["event_source", "event_id", "user_id", "outcome"],
        select(_GIVEN)
        .join(
            task_events,
            (task_events.c.event_source == _GIVEN.c.event_source) & (task_events.c.event_id == _GIVEN.c.event_id),
        )
        # An event that is being forgotten at this moment is waited for, and then left out.
        .with_for_update(read=True, key_share=True, of=task_events),
        include_defaults=False,
    )
    .on_conflict_do_nothing()
)


class HeldBackEvent(NamedTuple):
    """One event, one person, and why that person is not told of it."""

    event_source: str
    event_id: str
    user_id: UUID
    outcome: Outcome


async def note_events(
    connection: AsyncConnection, events: Iterable[AnyEvent], erased: AbstractSet[UUID], now: datetime
) -> None:
    """Note those events of tasks that can tell somebody; nobody erased is named."""
    noted = [
        {**_columns(event, erased), "recorded_at": now}
        for event in events
        if isinstance(event, TaskAssigned | TaskStatusChanged | TaskCommentAdded)
    ]
    if noted:
        noted.sort(key=lambda row: (row["event_source"], row["event_id"]))
        columns = {f"all_{name}": [row[name] for row in noted] for name in noted[0]}
        await within(connection, _NOTE_EVENTS, **columns)


async def note_held_back(connection: AsyncConnection, held_back: Iterable[HeldBackEvent]) -> None:
    """Note who is not told, and why; what is noted already stays.

    Events without history, which are those of other services and those long forgotten, are left out.
    """
    rows = sorted(set(held_back))
    if rows:
        sources, event_ids, user_ids, outcomes = zip(*rows, strict=True)
        await connection.execute(
            _NOTE_HELD_BACK,
            {"sources": sources, "event_ids": event_ids, "user_ids": user_ids, "outcomes": outcomes},
        )


async def forget_person(database: AsyncEngine, user_id: UUID) -> None:
    """Take a person out of all events, `EVENTS` in a transaction; no event may name the person from now on."""
    while await retry_on_conflict(lambda: _forget_some(database, user_id)):
        pass


async def _forget_some(database: AsyncEngine, user_id: UUID) -> bool:
    rows = task_events.c
    some = (
        select(rows.event_source, rows.event_id)
        .where(or_(rows.actor_id == user_id, rows.assignee_id == user_id))
        .order_by(rows.event_source, rows.event_id)
        .limit(EVENTS)
        .with_for_update()
    )
    async with database.begin() as connection:
        forgotten = await connection.execute(
            update(task_events)
            .where(tuple_(rows.event_source, rows.event_id).in_(some))
            .values(
                actor_id=func.nullif(rows.actor_id, user_id),
                assignee_id=func.nullif(rows.assignee_id, user_id),
            )
        )
        return forgotten.rowcount > 0


def _columns(event: AnyEvent, erased: AbstractSet[UUID]) -> dict[str, Any]:
    data: TaskEventData = event.data
    assignee = event.data.assignee.id if isinstance(event, TaskAssigned) else None
    return {
        "event_source": event.source,
        "event_id": event.id,
        "task_id": data.task.id,
        "sequence": sequence_of(event),
        "type": event.type,
        "event_time": event.time,
        "actor_id": None if data.actor.id in erased else data.actor.id,
        "assignee_id": None if assignee in erased else assignee,
    }
