"""Who is behind a session."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from infra.database.direct import Statement, read
from task_service.credentials.refresh_tokens import family_hash
from task_service.models import Session, User, is_of_family


class Member(NamedTuple):
    """A person as the database knows them now, without what nobody is shown."""

    id: UUID
    name: str
    email: str
    role: str


_LIVE = Statement(
    select(User.id, User.name, User.email, User.role)
    .join(Session, Session.user_id == User.id)
    .where(
        Session.id == bindparam("session_id"),
        User.id == bindparam("user_id"),
        Session.ended_at.is_(None),
        Session.expires_at > bindparam("now"),
    )
)


async def member_of_session(database: AsyncEngine, session_id: UUID, user_id: UUID, now: datetime) -> Member | None:
    """Find the person of a session that has neither ended nor expired."""
    row = await read(
        database, lambda connection: connection.fetch_one(_LIVE, session_id=session_id, user_id=user_id, now=now)
    )
    return None if row is None else Member(*row)


async def session_of_cookie(database: AsyncSession, token: str) -> UUID | None:
    """Find the session that a cookie belongs to, or once belonged to."""
    return await database.scalar(select(Session.id).where(is_of_family(family_hash(token))))
