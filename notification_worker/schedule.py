"""What the worker does by the clock, and not because an event came: digests, what is too old, exports, erasures.

Every worker does all of it. They need not know of one another, since each piece of work is safe to be looked for by
several at once; that each waits a random time only keeps them from meeting often.

An error of a job is logged and waited out, and does not end the process, as one of a lane does. A lane that died
holds events back, which another worker could take; a job holds nothing, what it did not do is found again, and not
sooner by a new process. But the end of the process would take all its lanes with it, and do so again and again while
the cause stays in the database.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.backoff import full_jitter
from infra.clock import Clock, system_clock
from infra.database.errors import is_database_away, sql_state
from infra.lifecycle import Service
from infra.telemetry.logging import get_logger
from infra.waiting import any_set
from notification_worker.commands import forget_processed as processed
from notification_worker.commands.forget_old import forget_old
from notification_worker.commands.send_digests import send_due_digests

_BACKOFF_SECONDS = 0.1
_BACKOFF_CAP_SECONDS = 10.0

log = get_logger("schedule")

Job = Callable[[asyncio.Event], Awaitable[bool]]
"""Does some of what there is to do, less when it is told to stop; says whether there may be more."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The longest waits between two looks, in seconds; on average it is half of them."""

    digests: float = 6.0
    age: float = 1_200.0


def schedule_services(
    database: AsyncEngine,
    notify_relay: Callable[[], None],
    *,
    digests_sent: Callable[[int], None] = lambda _: None,
    history: timedelta,
    clock: Clock = system_clock,
    rhythm: Rhythm | None = None,
) -> dict[str, Service]:
    """Give the services that send digests and that forget what is older than `history`, or processed long ago."""
    longest = rhythm or Rhythm()

    async def send(_: asyncio.Event) -> bool:
        try:
            sent = await send_due_digests(database, clock=clock)
            digests_sent(sent)
            return sent > 0
        finally:
            # Also after a failure: some may have been sent before it.
            notify_relay()

    async def forget(stop: asyncio.Event) -> bool:
        rows = await forget_old(database, history=history, clock=clock, stop=stop)
        log.info("old_rows_freed", rows=rows)
        return False

    async def forget_processed(_: asyncio.Event) -> bool:
        rows = await processed.forget_processed(database, clock=clock)
        if rows:
            log.info("processed_events_freed", rows=rows)
        return rows == processed.ROWS

    return {
        "digests": repeated("digests", send, longest.digests),
        "age": repeated("age", forget, longest.age),
        "processed": repeated("processed", forget_processed, longest.age),
    }


def repeated(name: str, job: Job, longest_wait: float) -> Service:
    """Do a job again and again, at once while there may be more, and after a failure when a growing pause is over."""

    async def run(stop: asyncio.Event) -> None:
        pauses = full_jitter(_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS)
        wait = _up_to(longest_wait)
        while not await any_set(stop, seconds=wait):
            try:
                more = await job(stop)
            except Exception as error:  # noqa: BLE001 (whatever it is, the lanes beside it go on)
                if is_database_away(error):
                    log.warning("database_away", job=name, error=repr(error))
                else:
                    kind, state = type(error).__name__, sql_state(error)
                    log.error("job_failed", job=name, error=kind, state=state)  # noqa: TRY400 (its text may be private)
                wait = next(pauses)
            else:
                pauses = full_jitter(_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS)
                wait = 0.0 if more else _up_to(longest_wait)

    return run


def _up_to(seconds: float) -> float:
    return random.uniform(0, seconds)  # noqa: S311 (spreads load, protects nothing)
