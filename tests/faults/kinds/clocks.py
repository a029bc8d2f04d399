"""One process whose clock is an hour ahead or behind.

Tokens look expired to it or are not yet good, those that the task API gives are so to everybody else, and its events
have a wrong time. A worker tells with wrong times, and sends digests an hour early or has them wait longer. A relay
does nothing by the time of day: it goes by the database's clock, and by time that passes.
"""

import asyncio
import random
import time

from tests.faults.journal import ClockOff
from tests.faults.kinds import KINDS, Run, World
from tests.faults.tampered import command

_HOUR = 3_600
_SECONDS = 7.0
_READY_SECONDS = 240.0
_UNAUTHENTICATED = 401


def _stepped(kind: str) -> Run:
    async def run(world: World, choice: random.Random) -> str:
        part, step = choice.choice(world.system.of(kind)), choice.choice((-_HOUR, _HOUR))
        world.journal.excused.add(_UNAUTHENTICATED)
        began = time.time()
        part.tamper(command("clock", step, part.command), asyncio.Event())
        async with asyncio.timeout(_READY_SECONDS):
            while not (part.is_tampered and await part.is_ready(world.system.http)):
                await asyncio.sleep(0.1)
        await asyncio.sleep(_SECONDS)
        part.mend()
        await part.until_ready(world.system.http)
        # What was asked of it before may still be answered.
        await asyncio.sleep(1)
        world.journal.clocks_off.append(ClockOff(kind, began, time.time()))
        world.journal.excused.discard(_UNAUTHENTICATED)
        return f"{part.name} with its clock {step / 60:+.0f} minutes off, for {_SECONDS:g} s"

    return run


for _kind in ("gateway", "notification-api", "task-api", "worker"):
    KINDS[f"clock.{_kind}"] = _stepped(_kind)
