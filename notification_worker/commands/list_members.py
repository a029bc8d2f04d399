"""List the events that one notification stands for, newest first."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.model import ContractModel, Moment
from contracts.notification_types import NotificationType
from contracts.socket.frames import Actor
from notification_worker.audience.wording import link_of, message_of
from notification_worker.commands.errors import NotificationNotFoundError
from notification_worker.commands.notification_rows import actor_of, parts_of
from notification_worker.commands.pages import Page, Position, newest_first, page_of
from notification_worker.models import notification_members, notifications


class Member(ContractModel):
    """One of the events that a notification stands for, as it would have been shown alone."""

    id: UUID
    type: str
    message: str
    task_id: UUID | None
    link: str | None
    actor: Actor | None
    reasons: tuple[str, ...]
    created_at: Moment


async def list_members(
    database: AsyncEngine, user_id: UUID, notification_id: UUID, limit: int, after: Position | None
) -> Page[Member]:
    """Give the members that come after a position, `limit` at most; a notification of one event is its own member.

    Raises:
        NotificationNotFoundError: it is not in this inbox.
    """
    rows, members = notifications.c, notification_members.c
    has_members = (rows.count > 1) | (rows.type == NotificationType.DIGEST.value)
    itself = select(notifications, has_members.label("has_members")).where(
        rows.user_id == user_id, rows.id == notification_id
    )
    several = select(notification_members).where(members.notification_id == notification_id)
    async with database.connect() as connection:
        row = (await connection.execute(itself)).one_or_none()
        if row is None:
            raise NotificationNotFoundError("there is no such notification")
        if not row.has_members:
            comes_after = after is None or (row.created_at, row.id) < (after.created_at, after.id)
            return Page((_member_of(row),) if comes_after else (), None)
        found = (await connection.execute(newest_first(several, members.created_at, members.id, after, limit))).all()
    return page_of(found, limit, _member_of)


def _member_of(row: Row[Any]) -> Member:
    parts = parts_of(row._asdict())
    return Member(
        id=row.id,
        type=parts.type,
        message=message_of(parts),
        task_id=parts.task_id,
        link=link_of(parts),
        actor=actor_of(parts),
        reasons=tuple(row.reasons),
        created_at=row.created_at,
    )
