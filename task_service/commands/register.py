"""Register a person."""

from datetime import UTC, datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from task_service.commands.errors import EmailTakenError
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.user_events import user_registered
from task_service.credentials.passwords import Passwords
from task_service.models import ADMINISTRATOR, MEMBER, User

_REGISTRATION_LOCK = 0x7461736B
"""Key of an advisory lock: people register one after the other, so that exactly one of them is the first."""


async def register(unit_of_work: UnitOfWork, passwords: Passwords, *, email: str, name: str, password: str) -> User:
    """Make an account; the first person of all becomes administrator.

    Raises:
        EmailTakenError: somebody has this address already, however it is capitalised.
        UnavailableError: too many passwords are being hashed.
    """
    password_hash = await passwords.hash(password)
    async with unit_of_work.begin() as work:
        await work.session.execute(select(func.pg_advisory_xact_lock(_REGISTRATION_LOCK)))
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
    return bool(await session.scalar(select(exists().where(User.id.is_not(None)))))
