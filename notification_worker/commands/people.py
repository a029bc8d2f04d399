"""Who may still have something written down."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from notification_worker.commands.errors import PersonErasedError
from notification_worker.commands.event_claims import hold_off_erasures
from notification_worker.models import users


async def hold_off_erasure_of(connection: AsyncConnection, user_id: UUID) -> None:
    """Until the end of the transaction the person is not erased, so that nothing of theirs is left behind.

    Raises:
        PersonErasedError: they are erased already; a token may outlive its person by some minutes.
    """
    await hold_off_erasures(connection)
    erased_at = await connection.scalar(select(users.c.erased_at).where(users.c.id == user_id))
    if erased_at is not None:
        raise PersonErasedError("this person was erased")
