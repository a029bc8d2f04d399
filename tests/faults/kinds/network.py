"""The network between any two parts: slow, cut, or swallowing everything."""

import asyncio
import random

from tests.faults.kinds import World, fault
from tests.faults.links import Link


def _some_links(world: World, choice: random.Random) -> list[Link]:
    return choice.sample(world.system.links, choice.randrange(1, 5))


def _named(links: list[Link]) -> str:
    return ", ".join(link.name for link in links)


@fault("network.delay")
async def _delay(world: World, choice: random.Random) -> str:
    links, delay, seconds = _some_links(world, choice), choice.uniform(0.05, 1.0), choice.uniform(4, 12)
    for link in links:
        link.delay = delay
    await asyncio.sleep(seconds)
    for link in links:
        link.mend()
    return f"{_named(links)}: {delay:.2f} s late, for {seconds:.1f} s"


@fault("network.cut")
async def _cut(world: World, choice: random.Random) -> str:
    links, seconds = _some_links(world, choice), choice.uniform(1, 10)
    for link in links:
        link.cut()
    await asyncio.sleep(seconds)
    for link in links:
        link.mend()
    return f"{_named(links)}: cut for {seconds:.1f} s"


@fault("network.half-open")
async def _half_open(world: World, choice: random.Random) -> str:
    links, seconds = _some_links(world, choice), choice.uniform(3, 15)
    for link in links:
        link.half_open()
    await asyncio.sleep(seconds)
    for link in links:
        link.mend()
    return f"{_named(links)}: half-open for {seconds:.1f} s"
