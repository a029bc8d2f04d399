"""Begin a session."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, or_, select
from uuid_utils.compat import uuid7

from task_service.commands.errors import WrongCredentialsError
from task_service.commands.login_throttle import LoginThrottle
from task_service.commands.unit_of_work import UnitOfWork
from task_service.credentials.passwords import Passwords
from task_service.credentials.refresh_tokens import new_refresh_token, refresh_hash
from task_service.models import Session, User


class Begun(NamedTuple):
    """A new session; `refresh_token` is known to nobody but whoever gets this answer."""

    session: Session
    user: User
    refresh_token: str


async def log_in(
    unit_of_work: UnitOfWork,
    passwords: Passwords,
    throttle: LoginThrottle,
    *,
    email: str,
    password: str,
    address: str,
    life: timedelta,
) -> Begun:
    """Begin a session of `life` for somebody at an address; the person's sessions that are over are removed.

    The password is verified between two transactions, since it takes long. In the second the row of the person is
    locked and looked at again: a session must not begin with a password that was changed meanwhile.

    Raises:
        TooManyAttemptsError: the account or the address has used up its wrong passwords, known or not.
        WrongCredentialsError: nobody has this address, or it is not the password; both take about as long.
        UnavailableError: too many passwords are being verified.
    """
    async with unit_of_work.begin() as work:
        user = await work.session.scalar(
            select(User).where(func.lower(User.email) == func.lower(email), User.erased_at.is_(None))
        )
    async with throttle.attempt(user, email, address):
        if not await passwords.verify(user.password_hash if user else None, password) or user is None:
            raise WrongCredentialsError
        return await _begin(unit_of_work, user, life)


async def _begin(unit_of_work: UnitOfWork, verified: User, life: timedelta) -> Begun:
    async with unit_of_work.begin() as work:
        user = await work.session.scalar(select(User).where(User.id == verified.id).with_for_update(read=True))
        if user is None or user.password_hash != verified.password_hash:
            raise WrongCredentialsError
        now = datetime.now(UTC)
        await work.session.execute(
            delete(Session).where(
                Session.user_id == user.id, or_(Session.ended_at.is_not(None), Session.expires_at <= now)
            )
        )
        token = new_refresh_token()
        session = Session(
            id=uuid7(), user_id=user.id, refresh_hash=refresh_hash(token), created_at=now, expires_at=now + life
        )
        work.session.add(session)
    return Begun(session, user, token)
