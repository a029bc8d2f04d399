"""Rows as the worker would have written them, of any age: what lists, explanations and choices are tested on."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from contracts.events import type_of
from contracts.events.task import TaskStatusChanged
from notification_worker.models import held_back_events, inboxes, notification_members, notifications, task_events
from tests.support.notification_events import SOURCE

NOW = datetime.now(UTC).replace(microsecond=0)
STATUS_CHANGED = type_of(TaskStatusChanged)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def _parts(values: dict[str, Any]) -> dict[str, Any]:
    row_id = uuid7()
    return {
        "id": row_id,
        "type": "status_changed",
        "task_id": row_id,
        "task_title": "Fix login bug",
        "old_status": "todo",
        "new_status": "done",
        "actor_id": row_id,
        "actor_name": "John",
        "reasons": ["created"],
        "created_at": NOW,
        "event_source": SOURCE,
        "event_id": str(row_id),
        "event_time": NOW,
    } | values


async def add_row(database: AsyncEngine, user_id: UUID, **values: Any) -> UUID:
    """Give a person one more notification, unread and new where `values` say nothing else; the counters follow."""
    (row_id,) = await add_rows(database, user_id, 1, **values)
    return row_id


async def add_rows(database: AsyncEngine, user_id: UUID, number: int, **values: Any) -> list[UUID]:
    """Give a person so many notifications that are alike, each with a number of its own."""
    unread = number if values.get("read_at") is None else 0
    head = insert_or_update(inboxes).values(user_id=user_id, last_seq=number, unread_count=unread)
    moved = head.on_conflict_do_update(
        index_elements=["user_id"],
        set_={"last_seq": inboxes.c.last_seq + number, "unread_count": inboxes.c.unread_count + unread},
    ).returning(inboxes.c.last_seq)
    async with database.begin() as connection:
        last = (await connection.execute(moved)).scalar_one()
        rows = [_parts(values) | {"user_id": user_id, "seq": seq} for seq in range(last - number + 1, last + 1)]
        await connection.execute(insert(notifications), [{"updated_at": row["created_at"], **row} for row in rows])
    return [row["id"] for row in rows]


async def add_member(database: AsyncEngine, user_id: UUID, **values: Any) -> UUID:
    """Give a person one more member, of the row `notification_id` or waiting until `due_at`."""
    row = _parts(values)
    async with database.begin() as connection:
        await connection.execute(insert_or_update(inboxes).values(user_id=user_id).on_conflict_do_nothing())
        await connection.execute(insert(notification_members).values({"user_id": user_id, **row}))
    return UUID(str(row["id"]))


async def add_task_event(database: AsyncEngine, task_id: UUID, sequence: int, **values: Any) -> str:
    """Note an event of a task; give its id."""
    row = {
        "event_source": SOURCE,
        "event_id": str(uuid7()),
        "task_id": task_id,
        "sequence": sequence,
        "type": STATUS_CHANGED,
        "event_time": NOW,
    } | values
    async with database.begin() as connection:
        await connection.execute(insert(task_events).values(row))
    return str(row["event_id"])


async def hold_back(database: AsyncEngine, user_id: UUID, event_id: str, outcome: str) -> None:
    async with database.begin() as connection:
        await connection.execute(
            insert(held_back_events).values(event_source=SOURCE, event_id=event_id, user_id=user_id, outcome=outcome)
        )
