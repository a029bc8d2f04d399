"""Holding a relay still for a moment: an operator takes the lead, and publishes nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from infra.errors import InfraError
from infra.outbox.lease import Lease
from infra.outbox.session import open_session

TAKE_OVER_SECONDS = 20.0

_TRY_AGAIN_SECONDS = 0.002
"""Shorter than a relay takes to connect: whoever waits longer finds that it leads again, in a new session."""

_END_LEADER = """
SELECT pg_terminate_backend(backend_pid) FROM relay_lease AS lease
WHERE name = $1 AND EXISTS (
  SELECT FROM pg_locks AS held
  WHERE held.pid = lease.backend_pid AND held.locktype = 'advisory' AND held.granted
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


class NotPausedError(InfraError):
    """The relay could not be held still, or not for as long as that was needed."""


@asynccontextmanager
async def relay_paused(database_url: str, holder: str) -> AsyncIterator[None]:
    """Let no relay of this outbox publish or delete a row inside; what is written meanwhile waits, in its order.

    What had been deleted from the outbox before is with the broker, confirmed. Rows that were in flight are still in
    the outbox, and may be with the broker too. Afterwards a relay leads again within a second; should this process
    die, as soon as the database notices.

    Raises:
        NotPausedError: the lead could not be taken in `TAKE_OVER_SECONDS`, or was lost inside.
        DatabaseAwayError: the database does not answer.
    """
    session = await open_session(database_url, holder)
    try:
        names = [row["name"] for row in await session.fetch("SELECT name FROM relay_lease")]
        if not names:
            # No relay has ever led here, so nothing has ever left.
            yield
            return
        (name,) = names
        lease = Lease(session, name, holder)
        try:
            async with asyncio.timeout(TAKE_OVER_SECONDS):
                while not await lease.acquire():
                    await session.fetch(_END_LEADER, name)
                    await asyncio.sleep(_TRY_AGAIN_SECONDS)
        except TimeoutError as error:
            raise NotPausedError(f"{name}: the lead could not be taken in {TAKE_OVER_SECONDS:g} s") from error
        failure: Exception | None = None
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(lease.keep())
            try:
                yield
            except Exception as error:  # noqa: BLE001 (raised below, outside the group, which would wrap it)
                failure = error
            held = lease.held
            keeping.cancel()
        if failure is not None:
            raise failure
        if not held:
            raise NotPausedError(f"{name}: the lead was lost meanwhile")
    finally:
        await session.close()
