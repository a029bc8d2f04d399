"""The relay: from a filled outbox to confirmed publishes, one process."""

import asyncio
import time

import asyncpg

from infra.local.ports import free_ports
from task_service.relay import WAKE_UP_CHANNEL
from tests.load.bare.messages import write_messages
from tests.load.results import Figure, at_least
from tests.load.row import Findings, Row, Sizes
from tests.load.scene.events import comments, write_outbox
from tests.load.scene.sampling import Sampler
from tests.load.scene.stage import Stage

IN_FLIGHT = 200
_POLL_SECONDS = 0.02
_LONGEST_SECONDS = 300.0


async def run(stage: Stage, sizes: Sizes) -> Findings:
    messages = comments(sizes["messages"], people=100).messages
    path = stage.folder / "messages.jsonl"
    write_messages(path, messages)
    found = Findings(settings={"in flight": str(IN_FLIGHT)})
    bare: list[float] = []
    bare_cpu: list[float] = []
    ours: list[float] = []
    ours_cpu: list[float] = []
    for _ in range(sizes["turns"]):
        with stage.broker.vhost() as vhost:
            took = await stage.run_bare("publish", vhost.task_service, path, "--in-flight", IN_FLIGHT)
        bare.append(len(messages) / took["seconds"])
        bare_cpu.append(took["cpu_seconds"] / len(messages) * 1e6)
        (port,) = free_ports(1)
        with stage.broker.vhost() as vhost:
            async with (
                stage.postgres.database("task_service") as url,
                stage.product(
                    *("relay", "task_service", "relay"),
                    port=port,
                    task_relay_port=port,
                    task_database_url=url,
                    task_broker_url=vhost.task_service,
                ) as relay,
                Sampler.watching({"relay": relay.use}, stage.servers) as sampler,
            ):
                cpu = relay.cpu_seconds
                committed = await write_outbox(url, WAKE_UP_CHANNEL, messages)
                ours.append(len(messages) / (await _emptied(url) - committed))
                ours_cpu.append((relay.cpu_seconds - cpu) / len(messages) * 1e6)
                with_aside = await _set_aside(url)
            found.processes = sampler.uses
        if with_aside:
            found.lost.append(f"{with_aside} rows were set aside")
    found.figures = [
        Figure(
            name="rows relayed",
            unit="1/s",
            samples=tuple(ours),
            bare_name="raw aio-pika",
            bare=tuple(bare),
            aim=at_least(0.65, of_bare=True),
        ),
        Figure(
            name="CPU of the relay a row",
            unit="µs",
            samples=tuple(ours_cpu),
            bare_name="raw aio-pika",
            bare=tuple(bare_cpu),
        ),
    ]
    return found


async def _emptied(url: str) -> float:
    connection = await asyncpg.connect(url)
    deadline = time.monotonic() + _LONGEST_SECONDS
    try:
        while await connection.fetchval("SELECT id FROM outbox ORDER BY id LIMIT 1") is not None:
            assert time.monotonic() < deadline, "the relay never came to an end"
            await asyncio.sleep(_POLL_SECONDS)
        return time.time()
    finally:
        await connection.close()


async def _set_aside(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM outbox_set_aside"))
    finally:
        await connection.close()


ROW = Row(
    name="relay",
    question="How many outbox rows does one relay process turn into confirmed publishes in a second?",
    bare="raw aio-pika publishing the same messages to the same quorum queues, 200 in flight",
    sizes={"messages": 20_000, "turns": 3},
    quick={"messages": 2_000, "turns": 2},
    run=run,
)
