"""The members of the workspace."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from task_service.models import User


async def all_users(database: AsyncSession) -> Sequence[User]:
    """List everybody, by name."""
    return (await database.scalars(select(User).where(User.erased_at.is_(None)).order_by(User.name, User.id))).all()
