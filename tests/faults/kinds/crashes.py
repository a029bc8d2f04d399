"""Processes that die at a named point of the code, where a crash could split what belongs together."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress

from tests.faults.kinds import KINDS, NotInjectedError, Run, World
from tests.faults.parts import Part
from tests.faults.tampered import POINTS, command

_START_SECONDS = 60.0
_PATIENCE_SECONDS = 25.0
_LATEST_CALL = 9
_SELDOM = {"crash.worker-after-dead-letter": _PATIENCE_SECONDS, "crash.digest-before-commit": 90.0}
"""Points to which a process comes so seldom that it dies at the first call, and how long that is waited for.

Daily digests are wanted for the next full minute, so within a minute and a half one is due.
"""


def _crash(name: str, kind: str) -> Run:
    async def run(world: World, choice: random.Random) -> str:
        """Let a process of the kind die there at some call, or at the next one where so many do not come."""
        latest = 1 if name in _SELDOM else choice.randrange(1, _LATEST_CALL)
        for number in (latest, 1):
            if await _dies(world, name, kind, number):
                return f"{kind} died at {name.removeprefix('crash.')}, call {number}"
        raise NotInjectedError(f"no {kind} came to {name.removeprefix('crash.')}")

    return run


async def _dies(world: World, name: str, kind: str, number: int) -> bool:
    """Start all of a kind so that each dies there, since only one relay leads, and wait until one has."""
    parts = world.system.of(kind)
    crashed = asyncio.Event()
    for part in parts:
        part.tamper(command(name, number, part.command), crashed)
    with suppress(TimeoutError):
        async with asyncio.timeout(_START_SECONDS):
            while not (crashed.is_set() or await _all_are_there(world, parts)):
                await asyncio.sleep(0.1)
    with suppress(TimeoutError):
        async with asyncio.timeout(_SELDOM.get(name, _PATIENCE_SECONDS)):
            await crashed.wait()
    for part in parts:
        part.mend()
    for part in parts:
        await part.until_ready(world.system.http)
    return crashed.is_set()


async def _all_are_there(world: World, parts: Sequence[Part]) -> bool:
    return all([part.is_tampered and await part.is_ready(world.system.http) for part in parts])


for _name, (_kind, _, _) in POINTS.items():
    KINDS[_name] = _crash(_name, _kind)
