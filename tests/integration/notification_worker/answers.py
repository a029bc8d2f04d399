"""What the worker answers to exports and erasures, as it stands in the outbox."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from contracts.events.task import Person
from contracts.events.user import (
    UserErased,
    UserErasedData,
    UserErasureCompleted,
    UserErasureCompletedData,
    UserExported,
    UserExportedData,
    UserExportRequested,
    UserExportRequestedData,
)
from notification_worker.models import outbox
from tests.support.notification_events import SOURCE, attributes


def export_requested(user: Person) -> UserExportRequested:
    data = UserExportRequestedData(export_id=uuid7(), user_id=user.id)
    return UserExportRequested(**attributes(SOURCE, str(user.id)), data=data)


def erasure_of(user: Person, erasure_id: UUID | None = None) -> UserErased:
    data = UserErasedData(user_id=user.id, erasure_id=erasure_id or uuid7())
    return UserErased(**attributes(SOURCE, str(user.id)), data=data)


async def exported(database: AsyncEngine) -> list[UserExportedData]:
    return [UserExported.parse(body).data for body in await _bodies(database, "taskify.user.exported.v1")]


async def completed(database: AsyncEngine) -> list[UserErasureCompletedData]:
    bodies = await _bodies(database, "taskify.user.erasure_completed.v1")
    return [UserErasureCompleted.parse(body).data for body in bodies]


def counts(answer: UserErasureCompletedData) -> dict[str, int]:
    """Give what was removed, without what there was none of."""
    return {one.what: one.count for one in answer.removed if one.count}


def now() -> datetime:
    return datetime.now(UTC)


async def _bodies(database: AsyncEngine, message_type: str) -> list[str]:
    rows = outbox.c
    async with database.connect() as connection:
        found = await connection.execute(select(rows.body).where(rows.type == message_type).order_by(rows.id))
        return list(found.scalars())
