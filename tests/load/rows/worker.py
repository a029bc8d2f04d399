"""The worker: from task events in its queues to committed notifications, one process."""

import asyncio
import time

import aio_pika
import asyncpg

from contracts.topology import DOMAIN_EVENTS
from infra.local.ports import free_ports
from infra.outbox.message import OutboxMessage
from tests.load.results import Figure, Line, Plot, at_least
from tests.load.row import Findings, Row, Sizes
from tests.load.scene.events import WATCHERS, Comments, comments, write_watchers
from tests.load.scene.sampling import Sampler
from tests.load.scene.stage import Stage

PREFETCH = 200
_POLL_SECONDS = 0.1
_LONGEST_SECONDS = 600.0
_IN_FLIGHT = 500
_PROGRESS = "SELECT extract(epoch FROM processed_at)::float8 FROM processed_events ORDER BY 1"


async def run(stage: Stage, sizes: Sizes) -> Findings:
    made = comments(sizes["events"], people=sizes["people"])
    consumed: list[float] = []
    inserted: list[float] = []
    ours: list[float] = []
    ours_cpu: list[float] = []
    found = Findings(settings={"watchers an event": str(WATCHERS), "prefetch of a lane": str(PREFETCH)})
    for _ in range(sizes["turns"]):
        with stage.broker.vhost() as vhost:
            await fill(vhost.task_service, made.messages)
            took = await stage.run_bare(
                "consume", vhost.notification_worker, len(made.messages), "--prefetch", PREFETCH
            )
        consumed.append(len(made.messages) / took["seconds"])
        async with (
            stage.postgres.database("notification_worker") as url,
            stage.postgres.database("notification_worker") as other,
        ):
            rate, cpu = await _apply(stage, url, made, found)
            ours.append(rate)
            ours_cpu.append(cpu)
            took = await stage.run_bare("insert", url, other)
            inserted.append(len(made.messages) / took["seconds"])
            found.settings["rows inserted by bare asyncpg"] = str(took["rows"])
    slower = [min(pair) for pair in zip(consumed, inserted, strict=True)]
    found.figures = [
        Figure(
            name="events applied",
            unit="1/s",
            samples=tuple(ours),
            bare_name="the slower of both",
            bare=tuple(slower),
            aim=at_least(0.5, of_bare=True),
        ),
        Figure(name="bare FastStream, consuming into nothing", unit="1/s", samples=tuple(consumed)),
        Figure(name="bare asyncpg, inserting the same rows", unit="1/s", samples=tuple(inserted)),
        Figure(name="CPU of the worker an event", unit="µs", samples=tuple(ours_cpu)),
    ]
    return found


async def fill(url: str, messages: list[OutboxMessage]) -> None:
    """Put events into the worker's queues, as the task service."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(DOMAIN_EVENTS, ensure=False)
        for start in range(0, len(messages), _IN_FLIGHT):
            async with asyncio.TaskGroup() as group:
                for message in messages[start : start + _IN_FLIGHT]:
                    sent = aio_pika.Message(
                        message.body.encode(),
                        content_type=message.content_type,
                        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                        message_id=message.message_id,
                        type=message.type,
                        user_id="task-service",
                    )
                    group.create_task(_publish(exchange, sent, message.routing_key))


async def _publish(exchange: aio_pika.abc.AbstractExchange, message: aio_pika.Message, routing_key: str) -> None:
    await exchange.publish(message, routing_key, mandatory=True)


async def _apply(stage: Stage, url: str, made: Comments, found: Findings) -> tuple[float, float]:
    """Let a worker apply everything; give events a second, and its CPU time for one, in microseconds.

    It stands still while its queues are filled: so it starts with all of them, and filling takes no time from it.
    """
    (port,) = free_ports(1)
    await write_watchers(url, made.watchers)
    with stage.broker.vhost() as vhost:
        async with stage.product(
            *("worker", "notification_worker", "worker"),
            port=port,
            worker_port=port,
            notification_database_url=url,
            notification_broker_url=vhost.notification_worker,
        ) as worker:
            worker.freeze()
            await fill(vhost.task_service, made.messages)
            async with Sampler.watching({"worker": worker.use}, stage.servers) as sampler:
                start, cpu = time.time(), worker.cpu_seconds
                worker.thaw()
                moments = await _finished(url, len(made.messages))
                cpu = (worker.cpu_seconds - cpu) / len(moments)
    found.processes = sampler.uses
    points = tuple((moment - start, float(number)) for number, moment in enumerate(moments))
    found.plots = [
        Plot(
            title="Events applied, last turn",
            x="seconds",
            y="events",
            lines=(Line(name="worker", points=points[:: max(1, len(points) // 200)]),),
        )
    ]
    await _check(url, made, found)
    return len(moments) / (moments[-1] - start), cpu * 1e6


async def _finished(url: str, events: int) -> list[float]:
    """Wait until all are applied; give the moment of each."""
    connection = await asyncpg.connect(url)
    deadline = time.monotonic() + _LONGEST_SECONDS
    try:
        while await connection.fetchval("SELECT count(*) FROM processed_events") < events:
            assert time.monotonic() < deadline, "the worker never came to an end"
            await asyncio.sleep(_POLL_SECONDS)
        return [row[0] for row in await connection.fetch(_PROGRESS)]
    finally:
        await connection.close()


async def _check(url: str, made: Comments, found: Findings) -> None:
    connection = await asyncpg.connect(url)
    rows = await connection.fetchval("SELECT count(*) FROM notifications")
    await connection.close()
    if rows != len(made.watchers):
        found.lost.append(f"{rows} notifications were written, {len(made.watchers)} were due")


ROW = Row(
    name="worker",
    question="How many task events a second does one worker process turn into committed notifications, 3 each?",
    bare="the slower of bare FastStream consuming the same messages into nothing, and bare asyncpg inserting the same "
    "rows, 100 events a transaction",
    sizes={"events": 20_000, "people": 2_000, "turns": 3},
    quick={"events": 2_000, "people": 500, "turns": 2},
    run=run,
)
