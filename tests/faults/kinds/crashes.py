"""Processes that die at a named point of the code, where a crash could split what belongs together."""

import asyncio
import random

from tests.faults.kinds import KINDS, Run, World
from tests.faults.tampered import POINTS, command

_PATIENCE_SECONDS = 25.0
_LATEST_CALL = 12


def _crash(name: str, kind: str) -> Run:
    async def run(world: World, choice: random.Random) -> str:
        """Start all of a kind so that each dies there, since only one relay leads, and wait until one has."""
        number, parts = choice.randrange(1, _LATEST_CALL), world.system.of(kind)
        if kind == "worker" and "dead-letter" in name:
            number = 1
        crashed = asyncio.Event()
        for part in parts:
            part.tamper(command(name, number, part.command), crashed)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await crashed.wait()
            happened = f"call {number}"
        except TimeoutError:
            happened = f"call {number} never came"
        for part in parts:
            part.mend()
        for part in parts:
            await part.until_ready(world.system.http)
        return f"{kind} died at {name.removeprefix('crash.')}, {happened}"

    return run


for _name, (_kind, _, _) in POINTS.items():
    KINDS[_name] = _crash(_name, _kind)
