"""Who is behind a session."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from task_service.credentials.refresh_tokens import family_hash
from task_service.models import Session, User, is_of_family


class LiveSession(NamedTuple):
    session: Session
    user: User


async def live_session(database: AsyncSession, session_id: UUID, user_id: UUID, now: datetime) -> LiveSession | None:
    """Find a session that has neither ended nor expired, with its person."""
    found = await database.execute(
        select(Session, User)
        .join(User, User.id == Session.user_id)
        .where(Session.id == session_id, User.id == user_id, Session.ended_at.is_(None), Session.expires_at > now)
    )
    row = found.first()
    return LiveSession(*row) if row else None


async def session_of_cookie(database: AsyncSession, token: str) -> UUID | None:
    """Find the session that a cookie belongs to, or once belonged to."""
    return await database.scalar(select(Session.id).where(is_of_family(family_hash(token))))
