"""Who of several relays publishes: a session lock, and a lease that tells a dead leader from a frozen one."""

import asyncio
import time
import zlib
from collections.abc import Callable

from infra.outbox.session import DatabaseAwayError, Session
from infra.waiting import any_set

LEASE_SECONDS = 5.0
"""A lease that was not renewed for this long is stale: a standby may end its holder's session."""

HOLD_SECONDS = 4.0
"""The holder itself trusts its lease only this long, counted from before it asked."""

RENEW_SECONDS = 1.5

_EVICTION_MILLISECONDS = 1_000
_LOCK_SPACE = zlib.crc32(b"taskify outbox relay") & 0x7FFF_FFFF

# One statement, so that nobody ever holds the lock under the lease of another.
_ACQUIRE = """
INSERT INTO relay_lease (name, holder, backend_pid, renewed_at)
SELECT $1, $2, pg_backend_pid(), clock_timestamp() WHERE pg_try_advisory_lock($3, $4)
ON CONFLICT (name) DO UPDATE
SET holder = excluded.holder, backend_pid = excluded.backend_pid, renewed_at = excluded.renewed_at
RETURNING backend_pid
"""

_RENEW = """
UPDATE relay_lease SET renewed_at = clock_timestamp()
WHERE name = $1 AND backend_pid = pg_backend_pid() RETURNING backend_pid
"""

# The session must still hold the lock: the number of a session that ended may have gone to another.
_EVICT = """
SELECT pg_terminate_backend(held.pid, $5) AS ended
FROM relay_lease AS lease JOIN pg_locks AS held ON held.pid = lease.backend_pid
WHERE lease.name = $1 AND lease.renewed_at < clock_timestamp() - make_interval(secs => $2)
  AND held.locktype = 'advisory' AND held.granted AND held.objsubid = 2 AND held.classid = $3 AND held.objid = $4
  AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Lease:
    """One relay's claim to lead, tied to one session: if the session ends, so does the lease."""

    def __init__(self, session: Session, name: str, holder: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._name = name
        self._holder = holder
        self._lock = zlib.crc32(name.encode()) & 0x7FFF_FFFF
        self._clock = clock
        self._asked_at = float("-inf")

    @property
    def held(self) -> bool:
        """Whether nobody else can lead now, as far as this process can know without asking."""
        return not self._session.lost.is_set() and self._clock() - self._asked_at < HOLD_SECONDS

    async def acquire(self) -> bool:
        """Become the leader if there is none; say whether it worked."""
        asked_at = self._clock()
        if not await self._session.fetch(_ACQUIRE, self._name, self._holder, _LOCK_SPACE, self._lock):
            return False
        self._asked_at = asked_at
        return True

    async def evict_frozen_leader(self) -> bool:
        """End the session of a leader that does not renew; its lock is then free. Say whether there was one."""
        ended = await self._session.fetch(
            _EVICT, self._name, LEASE_SECONDS, _LOCK_SPACE, self._lock, _EVICTION_MILLISECONDS
        )
        return bool(ended)

    async def keep(self) -> None:
        """Renew until cancelled. If that fails or comes too late the session is ended, and leadership with it."""
        while not await any_set(self._session.lost, seconds=RENEW_SECONDS):
            asked_at = self._clock()
            try:
                if not self.held or not await self._session.fetch(_RENEW, self._name):
                    self._session.terminate()
            except DatabaseAwayError:
                return
            self._asked_at = asked_at


async def wait_for_lease(lease: Lease, stop: asyncio.Event, lost: asyncio.Event, poll_seconds: float) -> bool:
    """Stand by until this relay leads; say False when it is stopped or loses its session before."""
    while not stop.is_set() and not lost.is_set():
        if await lease.acquire():
            return True
        if not await lease.evict_frozen_leader():
            await any_set(stop, lost, seconds=poll_seconds)
    return False
