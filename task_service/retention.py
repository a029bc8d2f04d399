"""What the task service does by the clock: it forgets what is kept for a time only.

Every relay process does it. They need not know of one another, since what one has removed the other does not find.
An error is logged and waited out: what was not removed is found again, and the relay beside it goes on.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from infra.database.errors import sql_state
from infra.lifecycle import Service
from infra.telemetry.logging import get_logger
from infra.waiting import any_set
from task_service.commands.forget_old import forget_old
from task_service.commands.unit_of_work import UnitOfWork

LOOK_SECONDS = 60.0

log = get_logger("retention")


def retention_service(
    unit_of_work: UnitOfWork, receipt_life: timedelta, removed: Callable[[int], None] = lambda _: None
) -> Service:
    """Give the service that looks every minute, and again at once while there may be more."""

    async def run(stop: asyncio.Event) -> None:
        wait = 0.0
        while not await any_set(stop, seconds=wait):
            wait = LOOK_SECONDS
            try:
                rows = await forget_old(unit_of_work, receipt_life)
            except Exception as error:  # noqa: BLE001 (whatever it is, the relay beside it goes on)
                log.warning("retention_failed", error=type(error).__name__, state=sql_state(error))
                continue
            if rows:
                log.info("old_rows_removed", rows=rows)
                removed(rows)
                wait = 0.0

    return run
