"""Change one's name."""

from uuid import UUID

from sqlalchemy import select

from task_service.commands.errors import SessionOverError
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.user_events import user_renamed
from task_service.models import User


async def rename_user(unit_of_work: UnitOfWork, user_id: UUID, name: str) -> User:
    """Give a person another name; the same name again changes nothing.

    Raises:
        SessionOverError: the person is gone.
    """
    async with unit_of_work.begin() as work:
        user = await work.session.scalar(
            select(User).where(User.id == user_id, User.erased_at.is_(None)).with_for_update(key_share=True)
        )
        if user is None:
            raise SessionOverError
        if user.name != name:
            user.name = name
            await work.record(user_renamed(user))
    return user
