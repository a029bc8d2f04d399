"""Processes that are killed, frozen, and restarted one after the other."""

import asyncio
import random
import signal
import time

from tests.faults.kinds import KINDS, Run, World, fault
from tests.faults.system import KINDS as PARTS


def _killed(kind: str) -> Run:
    async def run(world: World, choice: random.Random) -> str:
        part = choice.choice(world.system.of(kind))
        killed_at = time.monotonic()
        part.kill()
        await part.until_ready(world.system.http, since=killed_at)
        return f"kill -9 {part.name}"

    return run


def _frozen(kind: str) -> Run:
    async def run(world: World, choice: random.Random) -> str:
        part, seconds = choice.choice(world.system.of(kind)), choice.uniform(2, 14)
        part.signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        part.signal(signal.SIGCONT)
        return f"{part.name} frozen for {seconds:.1f} s"

    return run


for _part in PARTS:
    KINDS[f"kill.{_part.name}"] = _killed(_part.name)
    KINDS[f"freeze.{_part.name}"] = _frozen(_part.name)


@fault("restart.rolling")
async def _rolling(world: World, choice: random.Random) -> str:
    """Restart everything, one part after the other; each has to stop by itself, and to be ready before the next."""
    parts = list(world.system.parts)
    choice.shuffle(parts)
    for part in parts:
        asked_at = time.monotonic()
        if complaint := await part.restart():
            world.complaints.append(complaint)
        await part.until_ready(world.system.http, since=asked_at)
    return f"{len(parts)} processes restarted"
