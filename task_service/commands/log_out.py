"""End a session before its time."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.user_events import session_ended
from task_service.models import Session


async def log_out(unit_of_work: UnitOfWork, session_id: UUID) -> None:
    """End a session: its tokens open nothing here any more, and nothing elsewhere as soon as others have heard of it.

    Its sockets are closed then. Once more changes nothing.
    """
    async with unit_of_work.begin() as work:
        session = await work.session.scalar(
            select(Session).where(Session.id == session_id, Session.ended_at.is_(None)).with_for_update()
        )
        if session is not None:
            session.ended_at = datetime.now(UTC)
            await work.record(session_ended(session))
