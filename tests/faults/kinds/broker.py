"""RabbitMQ killed and frozen, its connections closed, a queue full; `alarms` has it short of memory or disk."""

import asyncio
import random
import signal
from urllib.parse import quote

from contracts.topology import TASK_LANES, task_events_queue
from infra.broker.definitions import VHOST
from tests.faults.kinds import World, fault

_POLICY = f"/api/policies/{VHOST}/faults-full"


@fault("broker.kill")
async def _kill(world: World, choice: random.Random) -> str:
    away = choice.uniform(0, 5)
    await world.system.servers.kill_broker()
    await asyncio.sleep(away)
    await world.system.servers.start_broker()
    return f"RabbitMQ killed, started again after {away:.1f} s"


@fault("broker.freeze")
async def _freeze(world: World, choice: random.Random) -> str:
    seconds = choice.uniform(2, 12)
    world.system.servers.signal_all("rabbitmq", signal.SIGSTOP)
    await asyncio.sleep(seconds)
    world.system.servers.signal_all("rabbitmq", signal.SIGCONT)
    return f"RabbitMQ frozen for {seconds:.1f} s"


@fault("broker.connections")
async def _connections(world: World, _: random.Random) -> str:
    async with world.system.servers.management() as client:
        connections = (await client.get("/api/connections")).raise_for_status().json()
        for connection in connections:
            await client.delete(f"/api/connections/{quote(connection['name'], safe='')}")
    return f"{len(connections)} connections closed by RabbitMQ"


@fault("broker.full")
async def _full(world: World, choice: random.Random) -> str:
    """Let nobody consume, and let each lane take only some messages; what is prefetched would not fill it."""
    limit, seconds = choice.randrange(1, 4), choice.uniform(6, 12)
    lanes = "|".join(task_events_queue(lane).replace(".", "[.]") for lane in range(TASK_LANES))
    policy = {"pattern": f"^({lanes})$", "definition": {"max-length": limit}, "apply-to": "queues", "priority": 9}
    consuming = [link for link in world.system.links if link.name.startswith("worker-") and "broker" in link.name]
    async with world.system.servers.management() as client:
        (await client.put(_POLICY, json=policy)).raise_for_status()
        for link in consuming:
            link.cut()
        try:
            await asyncio.sleep(seconds)
        finally:
            (await client.delete(_POLICY)).raise_for_status()
            for link in consuming:
                link.mend()
    return f"lanes full at {limit} for {seconds:.1f} s"
