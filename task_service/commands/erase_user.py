"""Erase a person: what is theirs goes here at once, and every other service is told.

Their tasks and comments stay, by a former member, and so do tasks that they were assigned: the board shows that
somebody is missing there. The row of the person stays as well, with nothing but its id, since those refer to it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import CursorResult, Delete, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.events.user import HOLDERS
from contracts.topology import TASK_SERVICE
from infra.database.errors import retry_on_conflict
from infra.telemetry.logging import get_logger
from task_service.commands.errors import NotConfirmedError, OwnAccountError, SessionOverError, UnknownUserError
from task_service.commands.login_throttle import LoginThrottle, account_keys
from task_service.commands.roles import check_administrator, check_one_remains, take_turns
from task_service.commands.scrubbing import take_names_out
from task_service.commands.unit_of_work import UnitOfWork, Work
from task_service.commands.user_events import session_ended, user_erased
from task_service.commands.withdraw_exports import withdraw_exports_naming
from task_service.credentials.passwords import Passwords
from task_service.models import (
    ERASED_DOMAIN,
    FORMER_MEMBER,
    MEMBER,
    Erasure,
    ErasureService,
    Export,
    LoginAttempt,
    Receipt,
    Session,
    User,
    Watcher,
)

log = get_logger("administration")


async def erase_oneself(
    unit_of_work: UnitOfWork,
    passwords: Passwords,
    throttle: LoginThrottle,
    *,
    user_id: UUID,
    password: str,
    address: str,
) -> Receipt:
    """Erase whoever asks, and knows their password.

    Raises:
        TooManyAttemptsError: the account or the address has used up its wrong passwords.
        NotConfirmedError: it is not the password.
        LastAdministratorError: others would be left without an administrator.
        SessionOverError: the person is gone.
        UnavailableError: too many passwords are being verified.
    """
    async with unit_of_work.begin() as work:
        user = await work.session.get(User, user_id)
    if user is None or user.erased_at is not None:
        raise SessionOverError
    async with throttle.attempt(user, user.email, address):
        if not await passwords.verify(user.password_hash, password):
            raise NotConfirmedError
        return await retry_on_conflict(lambda: _erase(unit_of_work, user_id, verified=user.password_hash))


async def erase_another(unit_of_work: UnitOfWork, actor_id: UUID, user_id: UUID) -> Receipt:
    """Erase a person as an administrator.

    Raises:
        NotAdministratorError: the actor is none.
        OwnAccountError: it is the actor's own account, which takes the password.
        UnknownUserError: there is no such person (any more).
    """
    if actor_id == user_id:
        raise OwnAccountError
    receipt = await retry_on_conflict(lambda: _erase(unit_of_work, user_id, actor_id=actor_id))
    log.info("person_erased", actor=str(actor_id), person=str(user_id))
    return receipt


async def _erase(
    unit_of_work: UnitOfWork, user_id: UUID, *, verified: str | None = None, actor_id: UUID | None = None
) -> Receipt:
    async with unit_of_work.begin() as work:
        await take_turns(work.session)
        if actor_id is not None:
            await check_administrator(work.session, actor_id)
        # Whoever begins a session or renames themselves waits here, and finds a password that has changed.
        user = await work.session.scalar(
            select(User).where(User.id == user_id, User.erased_at.is_(None)).with_for_update(key_share=True)
        )
        if user is None:
            raise UnknownUserError
        if verified is not None and user.password_hash != verified:
            raise NotConfirmedError
        await check_one_remains(work.session, user)
        return await _remove(work, user)


async def _remove(work: Work, user: User) -> Receipt:
    session, now = work.session, datetime.now(UTC)
    open_sessions = (
        await session.scalars(
            select(Session)
            .where(Session.user_id == user.id, Session.ended_at.is_(None), Session.expires_at > now)
            .order_by(Session.id)
            .with_for_update()
        )
    ).all()
    ended = [session_ended(one) for one in open_sessions]
    of_the_account = or_(*(LoginAttempt.account == key for key in account_keys(user)))
    removed = {
        "account": 1,
        "sessions": await _deleted(session, delete(Session).where(Session.user_id == user.id)),
        "login_attempts": await _deleted(session, delete(LoginAttempt).where(of_the_account)),
        "exports": await _deleted(session, delete(Export).where(Export.user_id == user.id)),
        "exports_of_others": await withdraw_exports_naming(session, user.id),
        "watched_tasks": await _deleted(session, delete(Watcher).where(Watcher.user_id == user.id)),
        "events_not_sent_yet": await take_names_out(session, user.id),
    }
    # Random, so that nobody can have taken it; nor does anybody register in this domain.
    user.email, user.name = f"{uuid4()}@{ERASED_DOMAIN}", FORMER_MEMBER
    user.password_hash, user.role, user.created_at, user.erased_at = "", MEMBER, now, now
    # Random, and not by the time as other ids: whoever knows it may read the receipt.
    erasure = Erasure(id=uuid4(), user_id=user.id, requested_at=now)
    services = _services(erasure, removed, now)
    session.add(erasure)
    await session.flush()
    session.add_all(services)
    await work.record(*ended, user_erased(user.id, erasure.id))
    return Receipt(erasure, services)


def _services(erasure: Erasure, removed: Mapping[str, int], now: datetime) -> Sequence[ErasureService]:
    """Answer for this service at once, and wait for the others."""
    answers = []
    for service in sorted(HOLDERS):
        own = service == TASK_SERVICE
        answers.append(
            ErasureService(
                erasure_id=erasure.id,
                service=service,
                answered_at=now if own else None,
                completed_at=now if own else None,
                removed=[{"what": what, "count": count} for what, count in removed.items()] if own else [],
                pending=[],
            )
        )
    return answers


async def _deleted(session: AsyncSession, statement: Delete) -> int:
    """Delete in the database alone; say how many rows it were."""
    done = await session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount
