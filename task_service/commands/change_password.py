"""Change one's password."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from task_service.commands.errors import SessionOverError, WrongPasswordError
from task_service.commands.login_throttle import LoginThrottle
from task_service.commands.unit_of_work import UnitOfWork
from task_service.commands.user_events import session_ended
from task_service.credentials.passwords import Passwords
from task_service.models import Session, User


async def change_password(
    unit_of_work: UnitOfWork,
    passwords: Passwords,
    throttle: LoginThrottle,
    *,
    user_id: UUID,
    session_id: UUID,
    old: str,
    new: str,
    address: str,
) -> None:
    """Change a password and end all sessions of the person but the one that asks.

    Hashing takes long and is done outside of a transaction; a password that was changed meanwhile is a wrong one.

    Raises:
        TooManyAttemptsError: the account or the address has used up its wrong passwords.
        WrongPasswordError: `old` is not the password.
        SessionOverError: the person is gone.
        UnavailableError: too many passwords are being hashed.
    """
    async with unit_of_work.begin() as work:
        user = await work.session.get(User, user_id)
    if user is None or user.erased_at is not None:
        raise SessionOverError
    async with throttle.attempt(user, user.email, address):
        if not await passwords.verify(user.password_hash, old):
            raise WrongPasswordError
        new_hash = await passwords.hash(new)
        await _replace(unit_of_work, user, session_id, new_hash)


async def _replace(unit_of_work: UnitOfWork, verified: User, session_id: UUID, new_hash: str) -> None:
    async with unit_of_work.begin() as work:
        user = await work.session.scalar(select(User).where(User.id == verified.id).with_for_update(key_share=True))
        if user is None or user.password_hash != verified.password_hash:
            raise WrongPasswordError
        user.password_hash = new_hash
        now = datetime.now(UTC)
        others = await work.session.scalars(
            select(Session)
            .where(
                Session.user_id == user.id,
                Session.id != session_id,
                Session.ended_at.is_(None),
                Session.expires_at > now,
            )
            .order_by(Session.id)
            .with_for_update()
        )
        ended = others.all()
        for session in ended:
            session.ended_at = now
        await work.record(*map(session_ended, ended))
