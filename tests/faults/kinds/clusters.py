"""A broker of three nodes: the one that leads is killed and comes back, one is cut off from the others."""

import asyncio
import random

from contracts.topology import DELIVERIES, TASK_LANES, task_events_queue
from tests.faults.kinds import World, fault


@fault("cluster.kill-leader")
async def _kill_leader(world: World, choice: random.Random) -> str:
    """Kill whoever leads some queue, or the stream."""
    queue = choice.choice((DELIVERIES, task_events_queue(choice.randrange(TASK_LANES))))
    away = choice.uniform(0, 8)
    cluster = world.system.servers.cluster
    node = await world.system.servers.elsewhere(lambda: cluster.leader_of(queue))
    await world.system.servers.elsewhere(lambda: cluster.kill_node(node))
    await asyncio.sleep(away)
    await world.system.servers.elsewhere(lambda: cluster.restart_node(node))
    return f"{node.name}, leader of {queue}, killed, started again after {away:.1f} s"


@fault("cluster.cut-off")
async def _cut_off(world: World, choice: random.Random) -> str:
    seconds = choice.uniform(4, 12)
    cluster = world.system.servers.cluster
    node = choice.choice(cluster.nodes)
    await world.system.servers.elsewhere(lambda: cluster.cut_off(node))
    await asyncio.sleep(seconds)
    await world.system.servers.elsewhere(lambda: cluster.let_back(node))
    return f"{node.name} cut off from the others for {seconds:.1f} s"
