"""The reconnect storm: all windows cut at once, while changes go on."""

import asyncio
from collections.abc import Sequence

import asyncpg

from tests.load.generator.http import HttpClient
from tests.load.results import Figure, Line, Plot, at_most
from tests.load.row import Findings, Row, Sizes
from tests.load.scene.population import Topic, add_topics, settle
from tests.load.scene.process import Json
from tests.load.scene.sampling import Sampler
from tests.load.scene.stage import Stage
from tests.load.scene.system import System, running_system
from tests.load.scene.traffic import CONNECTIONS, Changes, Windows

MEMORY_LIMIT_MIB, GATEWAY_LIMIT_MIB = 384.0, 768.0
"""What `compose.yaml` gives to a process of the product, and to a gateway."""

SYNC_CONNECTIONS = 256
_BEFORE_SECONDS = 2
_SETTLE_SECONDS = 1.0
_PATIENCE_SECONDS = 120.0
_TOLD = "SELECT count(*) FROM notifications WHERE task_id = ANY($1)"
_HEADS = "SELECT user_id, last_seq FROM inboxes WHERE user_id = ANY($1)"


async def run(stage: Stage, sizes: Sizes) -> Findings:
    async with running_system(stage) as system:
        people = await settle(system, sizes["people"])
        count = sizes["changes_a_second"] * sizes["seconds"]
        topics = await add_topics(system, people, count, sizes["watchers"])
        changes = Changes(topics)
        owners = [people[number % len(people)] for number in range(sizes["windows"])]
        async with Windows.opened(system, owners) as windows:
            watched = {name: process.use for name, process in {**system.processes, **windows.processes}.items()}
            async with (
                HttpClient(system.addresses.api, CONNECTIONS) as client,
                Sampler.watching(watched, stage.servers) as sampler,
                asyncio.TaskGroup() as group,
            ):
                group.create_task(changes.send(client, sizes["changes_a_second"]))
                storm = group.create_task(_storm(system, windows))
            await _until_told(system, changes.accepted)
            await windows.crowds[0].ask("catch_up", sync=system.addresses.notifications, connections=SYNC_CONNECTIONS)
            arrivals = await windows.arrivals()
            lost = [*windows.missing(changes.accepted, arrivals), *await _behind(system, windows)]
            state = (await windows.crowds[0].ask("state"))["trouble"]
    found = _findings(storm.result(), sampler, lost, state)
    found.notes += changes.refusals
    return found


async def _storm(system: System, windows: Windows) -> Json:
    await asyncio.sleep(_BEFORE_SECONDS)
    return await windows.crowds[0].ask("storm", sync=system.addresses.notifications, connections=SYNC_CONNECTIONS)


async def _until_told(system: System, topics: Sequence[Topic]) -> None:
    due = sum(len(topic.watchers) for topic in topics)
    connection = await asyncpg.connect(system.notification_url)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while await connection.fetchval(_TOLD, [topic.id for topic in topics]) < due:
            await asyncio.sleep(0.1)
    await connection.close()
    # What is committed still has to pass relay and gateway.
    await asyncio.sleep(_SETTLE_SECONDS)


async def _behind(system: System, windows: Windows) -> list[str]:
    connection = await asyncpg.connect(system.notification_url)
    heads = {row[0]: row[1] for row in await connection.fetch(_HEADS, [one.id for one in windows.owners[0]])}
    await connection.close()
    seqs = (await windows.crowds[0].ask("seqs"))["seqs"]
    behind = sum(seq != heads.get(one.id, 0) for seq, one in zip(seqs, windows.owners[0], strict=True))
    return [f"{behind} windows do not know the head of their inbox"] if behind else []


def _findings(storm: Json, sampler: Sampler, lost: list[str], trouble: dict[str, int]) -> Findings:
    live, caught_up = sorted(storm["live"]), sorted(storm["caught_up"])
    own = [use for use in sampler.uses if not use.name.startswith(("load", "postgres", "rabbitmq"))]
    figures = [
        Figure(name="until all were live", unit="s", samples=(live[-1],)),
        Figure(name="until half were caught up", unit="s", samples=(caught_up[len(caught_up) // 2],)),
        Figure(name="until all were caught up", unit="s", samples=(caught_up[-1],), aim=at_most(15)),
        Figure(
            name="memory of the fullest process, of its limit",
            unit="",
            samples=(max(use.memory_peak / _limit(use.name) for use in own),),
            aim=at_most(1),
        ),
    ]
    lines = tuple(
        Line(
            name=name,
            points=tuple((second, number + 1.0) for number, second in enumerate(seconds))[:: len(seconds) // 200 + 1],
        )
        for name, seconds in (("live", live), ("caught up", caught_up))
    )
    seen = ", ".join(f"{what} {count}" for what, count in trouble.items()) or "no trouble"
    return Findings(
        figures=figures,
        plots=[Plot(title="Windows back after the cut", x="seconds", y="windows", lines=lines), sampler.memory_plot],
        processes=sampler.uses,
        settings={
            "backoff": "full jitter below 0.5 s, doubling up to 30 s, as the page's",
            "connections for sync": str(SYNC_CONNECTIONS),
            "memory limits": f"{GATEWAY_LIMIT_MIB:g} MiB for a gateway, {MEMORY_LIMIT_MIB:g} MiB for the others",
        },
        notes=[f"seen by the windows: {seen}"],
        lost=lost,
    )


def _limit(name: str) -> float:
    return GATEWAY_LIMIT_MIB if name.startswith("gateway") else MEMORY_LIMIT_MIB


ROW = Row(
    name="storm",
    question="All 5,000 windows are cut at once while changes go on: when are all back and caught up, and is any lost?",
    bare="15 s, and nothing lost",
    sizes={"windows": 5_000, "people": 2_500, "changes_a_second": 20, "watchers": 5, "seconds": 25},
    quick={"windows": 400, "people": 200, "seconds": 6},
    run=run,
)
