"""Passwords, hashed with Argon2id beside the event loop. Source: RFC 9106, OWASP Password Storage Cheat Sheet."""

from collections.abc import Callable
from typing import TypeVar

import argon2
from anyio import CapacityLimiter, to_thread

from infra.errors import UnavailableError

ITERATIONS = 2
MEMORY_KIB = 19 * 1024
LANES = 1
"""The cheapest of the equally strong settings that OWASP names. Hashes keep theirs, so these may change at any time."""

AT_ONCE = 2
WAITING = 50

Result = TypeVar("Result")


class Passwords:
    """Hashes and verifies; `at_once` computations run, `waiting` more wait, the rest is refused."""

    def __init__(
        self, hasher: argon2.PasswordHasher | None = None, *, at_once: int = AT_ONCE, waiting: int = WAITING
    ) -> None:
        self._hasher = hasher or argon2.PasswordHasher(ITERATIONS, MEMORY_KIB, LANES)
        self._limiter = CapacityLimiter(at_once)
        self._waiting = waiting
        self._of_nobody = self._hasher.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        """Give what may be stored.

        Raises:
            UnavailableError: too many wait already.
        """
        return await self._compute(lambda: self._hasher.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Say whether it is the password. Without a hash, of somebody unknown, the same work is done for nothing.

        Raises:
            UnavailableError: too many wait already.
        """
        matches = await self._compute(lambda: self._matches(password_hash or self._of_nobody, password))
        return matches and password_hash is not None

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except argon2.exceptions.VerifyMismatchError:
            return False

    async def _compute(self, work: Callable[[], Result]) -> Result:
        if self._limiter.statistics().tasks_waiting >= self._waiting:
            raise UnavailableError("too many people are logging in at this moment")
        return await to_thread.run_sync(work, limiter=self._limiter)
