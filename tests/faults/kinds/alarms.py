"""RabbitMQ is short of memory or disk and takes no messages; what has to go on meanwhile, and to be said, is held."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.journal import Write
from tests.faults.kinds import World, fault
from tests.faults.silence import NO_ANSWER
from tests.faults.system import System

_SECONDS = (6.0, 10.0)
_SAID_SECONDS = 60.0
"""The alarm goes on for so long at most, until the relays have said it: on a slow machine they are not asked often."""

_POLL_SECONDS = 0.5
_ASK_SECONDS = 5.0
_STATISTICS_SECONDS = 120.0
_RELAY = "task-relay"
_MAKE_AN_EVENT = {"create", "comment", "status", "assignee_id"}
_SHORT = "short of memory or disk"


@dataclass
class Heard:
    """What the relays said while the alarm was on: in their readiness, and in their metrics, and since when."""

    ready: set[str] = field(default_factory=set)
    metrics: set[str] = field(default_factory=set)
    blocked_at: float = float("inf")

    def blocked(self, relay: str) -> None:
        """Note what its metrics say; from now on the broker takes nothing more from it."""
        if not self.metrics:
            self.blocked_at = time.time()
        self.metrics.add(relay)


@fault("broker.alarm")
async def _memory(world: World, choice: random.Random) -> str:
    return await _under_alarm(world, choice, "memory alarm", ("set_vm_memory_high_watermark", "0.000001"))


@fault("broker.disk-alarm")
async def _disk(world: World, choice: random.Random) -> str:
    """Ask for a thousand times as much room as there is."""
    free = (await _node(world))["disk_free"]
    return await _under_alarm(world, choice, "disk alarm", ("set_disk_free_limit", str(1_000 * free)))


async def _under_alarm(world: World, choice: random.Random, name: str, command: tuple[str, str]) -> str:
    system, seconds = world.system, choice.uniform(*_SECONDS)
    limit = (await _node(world))["disk_free_limit"]
    restore = {"set_vm_memory_high_watermark": "0.4", "set_disk_free_limit": str(limit)}[command[0]]
    await system.servers.rabbitmqctl(*command)
    began = time.time()
    try:
        heard = await _listen(system, seconds)
        ended, held = time.time(), await _outbox(system)
    finally:
        await system.servers.rabbitmqctl(command[0], restore)
    writes = [write for write in world.journal.writes if write.sent > began and 0 < write.answered < ended]
    world.complaints += [f"{name}: {complaint}" for complaint in complaints(writes, held, heard)]
    return f"{name} for {ended - began:.1f} s, with {held} events held"


def complaints(writes: Sequence[Write], held: int, heard: Heard) -> list[str]:
    """Say what went wrong under an alarm: of the changes that were answered, the outbox at its end, and the relays."""
    wrong = []
    if bad := [write for write in writes if write.unknown]:
        wrong.append(f"{len(bad)} of {len(writes)} changes failed")
    if not any(write.acknowledged for write in writes):
        wrong.append("no change was answered")
    late = [write for write in writes if write.sent > heard.blocked_at]
    waiting = [write for write in late if write.acknowledged and write.what in _MAKE_AN_EVENT]
    if held < len(waiting):
        wrong.append(f"the outbox held {held} events, after {len(waiting)} changes")
    wrong += [
        f"no {_RELAY} said so in its {where}"
        for where, names in (("readiness", heard.ready), ("metrics", heard.metrics))
        if not names
    ]
    return wrong


async def _listen(system: System, seconds: float) -> Heard:
    """Ask the relays again and again; those that publish nothing are not told of an alarm, and cannot know."""
    heard, began = Heard(), time.monotonic()
    while (lasts := time.monotonic() - began) < seconds or (
        lasts < _SAID_SECONDS and not (heard.ready and heard.metrics)
    ):
        for part in system.of(_RELAY):
            if _SHORT in await _page(system, part.port, "/health/ready"):
                heard.ready.add(part.name)
            metrics = await _page(system, part.port, "/metrics")
            if any(is_blocked(line) for line in metrics.splitlines()):
                heard.blocked(part.name)
        await asyncio.sleep(_POLL_SECONDS)
    return heard


def is_blocked(line: str) -> bool:
    """Say whether a line of Prometheus' text says that a relay's broker takes no messages."""
    name, _, value = line.rpartition(" ")
    return name.partition("{")[0] == "taskify_relay_broker_blocked" and float(value) == 1


async def _page(system: System, port: int, path: str) -> str:
    try:
        return (await system.http.get(f"http://127.0.0.1:{port}{path}", timeout=_ASK_SECONDS)).text
    except NO_ANSWER:
        return ""


async def _outbox(system: System) -> int:
    async with system.servers.administrator("task_service") as connection:
        return int(await connection.fetchval("SELECT count(*) FROM outbox"))


async def _node(world: World) -> dict[str, int]:
    """Give what the broker says of its node; one that was just started says nothing of its disk for some seconds."""
    async with world.system.servers.management() as client, asyncio.timeout(_STATISTICS_SECONDS):
        while True:
            (node,) = (await client.get("/api/nodes")).raise_for_status().json()
            if {"disk_free", "disk_free_limit"} <= node.keys():
                return dict(node)
            await asyncio.sleep(_POLL_SECONDS)
