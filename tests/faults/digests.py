"""People who are told of some things later: they choose digests, choose otherwise, and at the end want all at once."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from tests.faults.accounts import Account
from tests.faults.journal import Journal, Json, Write
from tests.faults.servers import Servers

PREFERENCES = "preferences"
_PATH = "/api/notifications/preferences"
_TYPES = ("task_assigned", "status_changed", "comment_added", "invoice_paid")
_FREQUENCIES = ("instant", "hourly", "hourly", "daily", "daily")
_AT_ONCE = {"timezone": "UTC", "daily_at": "09:00", "types": {}}
# On the hour of one of them it is a quarter past, or half past, elsewhere.
_ZONES = ("UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "Australia/Eucla")
_SECONDS = (20.0, 60.0)
_SENT_SECONDS = 300.0
_OVERDUE_SECONDS = 30.0
_AGAIN_SECONDS = 0.5

_WAITING = "SELECT count(*) FROM notification_members WHERE due_at IS NOT NULL"
_OVERDUE = f"{_WAITING} AND due_at < clock_timestamp() - make_interval(secs => $1)"


@dataclass
class Subscriber:
    """The daily digest is always wanted for the next full minute, so that it comes while one is looking."""

    account: Account
    stopped: bool = False

    async def run(self, choice: random.Random) -> None:
        """Choose anew now and then, until stopped; what waits moves each time."""
        while not self.stopped:
            await self._choose(_chosen(choice))
            wait = choice.uniform(*_SECONDS)
            while wait > 0 and not self.stopped:
                await asyncio.sleep(1)
                wait -= 1

    async def want_all_at_once(self) -> None:
        """Have all that waits told now; tried until it is done."""
        async with asyncio.timeout(_SENT_SECONDS):
            while not await self._choose(_AT_ONCE):
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _choose(self, wanted: Json) -> bool:
        write = Write(self.account.id, PREFERENCES)
        answer = await self.account.write(write, "PUT", _PATH, wanted)
        return answer is not None and answer.status_code == 200


def _chosen(choice: random.Random) -> Json:
    zone = choice.choice(_ZONES)
    minute = datetime.now(ZoneInfo(zone)) + timedelta(minutes=1)
    types = {name: choice.choice(_FREQUENCIES) for name in _TYPES}
    return {"timezone": zone, "daily_at": f"{minute:%H:%M}", "types": types}


def subscribers_of(journal: Journal) -> set[str]:
    """Name those who ever chose digests: what they hear may come late, and a mute may still hold it back."""
    return {write.who for write in journal.writes if write.what == PREFERENCES}


async def waiting(servers: Servers) -> int:
    """Count what waits for a digest."""
    async with servers.administrator("notification_worker") as connection:
        return int(await connection.fetchval(_WAITING))


async def _still_overdue(connection: asyncpg.Connection) -> int:
    """Count what is overdue, once it has had its time to be sent after all."""
    deadline = time.monotonic() + _SENT_SECONDS
    while (overdue := int(await connection.fetchval(_OVERDUE, _OVERDUE_SECONDS))) and time.monotonic() < deadline:
        await asyncio.sleep(_AGAIN_SECONDS)
    return overdue


async def have_all_sent(servers: Servers, subscribers: Sequence[Subscriber]) -> tuple[int, int]:
    """Have everything told that is held back, and wait until it is; give how much was, and how much was overdue."""
    async with servers.administrator("notification_worker") as connection:
        held = int(await connection.fetchval(_WAITING))
        overdue = await _still_overdue(connection)
    await asyncio.gather(*(subscriber.want_all_at_once() for subscriber in subscribers))
    try:
        async with asyncio.timeout(_SENT_SECONDS):
            while await waiting(servers):
                await asyncio.sleep(_AGAIN_SECONDS)
    except TimeoutError:
        pass  # It is found as what is left over.
    return held, overdue
