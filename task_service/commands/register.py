"""Register a person."""

from datetime import UTC, datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from task_service.commands.errors import EmailTakenError
from task_service.commands.roles import take_turns
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.user_events import user_registered
from task_service.credentials.passwords import Passwords
from task_service.models import ADMINISTRATOR, MEMBER, User


async def register(unit_of_work: UnitOfWork, passwords: Passwords, *, email: str, name: str, password: str) -> User:
    """Make an account; the first person, or the first after all were erased, becomes administrator.

    Raises:
        EmailTakenError: somebody has this address already, however it is capitalised.
        UnavailableError: too many passwords are being hashed.
    """
    password_hash = await passwords.hash(password)
    async with unit_of_work.begin() as work:
        # So that exactly one of those who come at once is the first.
        await take_turns(work.session)
        if await work.session.scalar(select(exists().where(func.lower(User.email) == func.lower(email)))):
            raise EmailTakenError
        user = User(
            id=uuid7(),
            email=email,
            name=name,
            password_hash=password_hash,
            role=MEMBER if await _anybody(work.session) else ADMINISTRATOR,
            created_at=datetime.now(UTC),
        )
        work.session.add(user)
        await work.record(user_registered(user))
    return user


async def _anybody(session: AsyncSession) -> bool:
    return bool(await session.scalar(select(exists().where(User.erased_at.is_(None)))))
