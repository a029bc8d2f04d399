"""How many wrong passwords one account and one address may try. Source: OWASP Authentication Cheat Sheet.

An attempt is counted before its password is looked at, and taken back when it was right: of many that are sent at
once no more than the limit are tried. All API processes count in the same table. What is refused is not counted, so
that a throttle ends although somebody goes on knocking.
"""

import hashlib
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Delete, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from uuid_utils.compat import uuid7

from infra.clock import Clock, system_clock
from infra.telemetry.logging import get_logger
from task_service.commands.errors import (
    NotConfirmedError,
    TooManyAttemptsError,
    WrongCredentialsError,
    WrongPasswordError,
)
from task_service.commands.unit_of_work import UnitOfWork
from task_service.models import LoginAttempt, User

_REMOVED_AT_ONCE = 100
"""Each attempt adds one row and removes up to this many that are too old: the table cannot grow for long."""

log = get_logger("login")


@dataclass(frozen=True, slots=True)
class ThrottleLimits:
    """How many wrong passwords within the last `window` are enough."""

    of_an_account: int = 10
    of_an_address: int = 100
    window: timedelta = timedelta(minutes=15)


class LoginThrottle:
    def __init__(self, unit_of_work: UnitOfWork, limits: ThrottleLimits, clock: Clock = system_clock) -> None:
        self._unit_of_work = unit_of_work
        self._limits = limits
        self._clock = clock

    @asynccontextmanager
    async def attempt(self, user: User | None, typed: str, address: str) -> AsyncIterator[None]:
        """Let a password be tried in the block, which raises when it is wrong; anything else takes the attempt back.

        Somebody unknown is counted by what was `typed` as an e-mail address: the answers must not differ. One whose
        request is broken off has used up an attempt.

        Raises:
            TooManyAttemptsError: before the block, whether or not the password would be right.
        """
        attempt_id = await self._count(_account(user, typed), _hash("address", address))
        try:
            yield
        except (WrongCredentialsError, WrongPasswordError, NotConfirmedError):
            raise
        except Exception:
            await self._take_back(attempt_id)
            raise
        else:
            await self._take_back(attempt_id)

    async def _count(self, account: bytes, address: bytes) -> UUID:
        now = self._clock()
        attempt = LoginAttempt(id=uuid7(), account=account, address=address, attempted_at=now)
        async with self._unit_of_work.begin() as work:
            # One after the other for each account and each address, or those who come at once would not see each other.
            for key in sorted(int.from_bytes(subject[:8], signed=True) for subject in (account, address)):
                await work.session.execute(select(func.pg_advisory_xact_lock(key)))
            ends = [
                await self._throttled_until(work.session, LoginAttempt.account, account, now),
                await self._throttled_until(work.session, LoginAttempt.address, address, now),
            ]
            if not any(ends):
                work.session.add(attempt)
            await work.session.execute(_removal(now - self._limits.window))
        refused_until = max((end for end in ends if end is not None), default=None)
        if refused_until is not None:
            log.warning("login_throttled", account=ends[0] is not None, address=ends[1] is not None)
            raise TooManyAttemptsError(max(1, math.ceil((refused_until - now).total_seconds())))
        return attempt.id

    async def _throttled_until(
        self, session: AsyncSession, column: InstrumentedAttribute[bytes], subject: bytes, now: datetime
    ) -> datetime | None:
        """Say when the oldest of as many attempts as are allowed is forgotten; None when there are fewer."""
        limit = self._limits.of_an_account if column is LoginAttempt.account else self._limits.of_an_address
        oldest = await session.scalar(
            select(LoginAttempt.attempted_at)
            .where(column == subject, LoginAttempt.attempted_at > now - self._limits.window)
            .order_by(LoginAttempt.attempted_at.desc())
            .offset(limit - 1)
            .limit(1)
        )
        return None if oldest is None else oldest + self._limits.window

    async def _take_back(self, attempt_id: UUID) -> None:
        async with self._unit_of_work.begin() as work:
            await work.session.execute(delete(LoginAttempt).where(LoginAttempt.id == attempt_id))


def account_keys(user: User) -> tuple[bytes, bytes]:
    """Give what attempts for a person are counted by: now, and before they had registered."""
    return _account(user, ""), _account(None, user.email)


def _account(user: User | None, typed: str) -> bytes:
    return _hash("typed", typed.lower()) if user is None else _hash("person", str(user.id))


def _hash(kind: str, value: str) -> bytes:
    return hashlib.sha256(f"{kind}:{value}".encode()).digest()


def _removal(before: datetime) -> Delete:
    oldest = (
        select(LoginAttempt.id)
        .where(LoginAttempt.attempted_at <= before)
        .order_by(LoginAttempt.attempted_at)
        .limit(_REMOVED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return delete(LoginAttempt).where(LoginAttempt.id.in_(oldest)).execution_options(synchronize_session=False)
