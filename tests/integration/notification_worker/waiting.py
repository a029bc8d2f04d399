"""What waits for a digest, written straight into the tables; and time that passes when a test says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from notification_worker.models import (
    held_back_events,
    inboxes,
    metadata,
    notification_members,
    notifications,
    preferences,
    task_events,
)

NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
EARLIER = NOON - timedelta(minutes=30)


@dataclass
class Watch:
    """A clock that stands until it is set."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


def waiting(user_id: UUID, **columns: Any) -> dict[str, Any]:
    """Give the columns of a comment that waits for the digest of noon."""
    return {
        "id": uuid7(),
        "user_id": user_id,
        "notification_id": None,
        "frequency": "hourly",
        "due_at": NOON,
        "type": "comment_added",
        "actor_id": uuid7(),
        "actor_name": "John",
        "task_id": uuid7(),
        "task_title": "Fix login bug",
        "message": None,
        "reasons": ["manual"],
        "created_at": EARLIER,
        "event_source": "/task-service",
        "event_id": str(uuid7()),
        "event_time": EARLIER,
        **columns,
    }


async def hold(database: AsyncEngine, members: Sequence[dict[str, Any]]) -> None:
    """Let members wait, each with its event, as the worker leaves them."""
    people = [{"user_id": user_id} for user_id in {member["user_id"] for member in members}]
    events = [
        {
            "event_source": member["event_source"],
            "event_id": member["event_id"],
            "task_id": member["task_id"],
            "sequence": 1,
            "type": "taskify.task.comment_added.v1",
            "event_time": EARLIER,
            "recorded_at": EARLIER,
        }
        for member in members
        if member["task_id"] is not None
    ]
    async with database.begin() as connection:
        await connection.execute(insert_or_update(inboxes).on_conflict_do_nothing(), people)
        await connection.execute(insert(notification_members), members)
        if events:
            await connection.execute(insert_or_update(task_events).on_conflict_do_nothing(), events)


async def prefer(database: AsyncEngine, user_id: UUID, **frequencies: str) -> None:
    """Let a person decide, without what else a change of preferences does."""
    written = insert_or_update(preferences).values(
        user_id=user_id, timezone="UTC", daily_at=NOON.time(), frequencies=frequencies
    )
    async with database.begin() as connection:
        await connection.execute(
            written.on_conflict_do_update(index_elements=["user_id"], set_={"frequencies": frequencies})
        )


async def rows_of(database: AsyncEngine, table: str, **columns: Any) -> list[Any]:
    """Give the rows of a table that have these values."""
    wanted = metadata.tables[table]
    query = select(wanted).where(*(wanted.c[name] == value for name, value in columns.items()))
    async with database.connect() as connection:
        return list(await connection.execute(query))


async def digests_of(database: AsyncEngine, user_id: UUID) -> list[Any]:
    """Give a person's digests in the order in which they were sent."""
    rows = notifications.c
    query = select(notifications).where(rows.user_id == user_id, rows.type == "digest").order_by(rows.seq)
    async with database.connect() as connection:
        return list(await connection.execute(query))


async def outcomes_of(database: AsyncEngine, user_id: UUID) -> dict[str, str]:
    """Give, by event, why a person was not told."""
    rows = held_back_events.c
    async with database.connect() as connection:
        found = await connection.execute(select(rows.event_id, rows.outcome).where(rows.user_id == user_id))
        return {row.event_id: row.outcome for row in found}


async def refuse_rows(database: AsyncEngine, state: str, people: Sequence[UUID]) -> None:
    """Let the database refuse every notification of some people, with an error of this state."""
    refused = ", ".join(f"'{user_id}'" for user_id in people)
    async with database.begin() as connection:
        for statement in (
            (
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" RAISE EXCEPTION 'refused' USING ERRCODE = '{state}'; END $$"
            ),
            (
                "CREATE TRIGGER refuse BEFORE INSERT ON notifications FOR EACH ROW"
                f" WHEN (NEW.user_id IN ({refused})) EXECUTE FUNCTION refuse()"
            ),
        ):
            await connection.execute(text(statement))


async def accept_rows(database: AsyncEngine) -> None:
    """End what `refuse_rows` began."""
    async with database.begin() as connection:
        await connection.execute(text("DROP FUNCTION refuse CASCADE"))
