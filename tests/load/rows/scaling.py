"""The same work for one process and for two: workers on the same queues, gateways on a stream, APIs on a database."""

import asyncio
import random
import time
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg

from infra.local.ports import free_ports
from tests.load.results import Figure
from tests.load.row import Findings, Row, Sizes
from tests.load.rows.api import Request, Scene, Side, task_api
from tests.load.rows.push import LOAD
from tests.load.rows.worker import fill
from tests.load.scene.events import Comments, comments, write_watchers
from tests.load.scene.gateways import AT_ONCE, deliveries, gateway, publish, strangers, write_members
from tests.load.scene.population import add_topics, settle
from tests.load.scene.process import Measured
from tests.load.scene.stage import Stage

COUNTS = (1, 2)
_POLL_SECONDS = 0.05
_LONGEST_SECONDS = 300.0
_APPLIED = "SELECT count(*), max(extract(epoch FROM processed_at))::float8 AS last FROM processed_events"

Done = tuple[float, float]
"""Pieces of work a second, and the CPU time of all processes for one, in microseconds."""


async def run(stage: Stage, sizes: Sizes) -> Findings:
    made = comments(sizes["events"], people=sizes["people"])
    applied: dict[int, list[Done]] = {count: [] for count in COUNTS}
    pushed: dict[int, list[Done]] = {count: [] for count in COUNTS}
    answered: dict[int, list[Done]] = {count: [] for count in COUNTS}
    for _ in range(sizes["turns"]):
        for count in COUNTS:
            applied[count].append(await _apply(stage, made, count))
            pushed[count].append(await _push(stage, sizes["people"], sizes["rounds"], count))
            answered[count].append(await _ask(stage, sizes, count))
    return Findings(
        figures=[
            *_figures("events applied", "worker", "an event", applied),
            *_figures("frames pushed", "gateway", "a frame", pushed),
            *_figures("lists of tasks answered", "API", "a list", answered),
        ]
    )


def _figures(what: str, process: str, piece: str, done: dict[int, list[Done]]) -> list[Figure]:
    (one, two) = (done[count] for count in COUNTS)
    return [
        Figure(
            name=f"{what} by two {process}s",
            unit="1/s",
            samples=tuple(rate for rate, _ in two),
            bare_name=f"by one {process}",
            bare=tuple(rate for rate, _ in one),
        ),
        Figure(
            name=f"CPU of two {process}s {piece}",
            unit="µs",
            samples=tuple(cpu for _, cpu in two),
            bare_name=f"of one {process}",
            bare=tuple(cpu for _, cpu in one),
        ),
    ]


async def _apply(stage: Stage, made: Comments, count: int) -> Done:
    """Let so many workers apply everything; they stand still while their queues are filled."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(stage.postgres.database("notification_worker"))
        vhost = stack.enter_context(stage.broker.vhost())
        await write_watchers(url, made.watchers)
        workers = [
            await stack.enter_async_context(
                stage.product(
                    *(f"worker {number + 1}", "notification_worker", "worker"),
                    port=port,
                    worker_port=port,
                    notification_database_url=url,
                    notification_broker_url=vhost.notification_worker,
                )
            )
            for number, port in enumerate(free_ports(count))
        ]
        for worker in workers:
            worker.freeze()
        await fill(vhost.task_service, made.messages)
        began, cpu = time.time(), _cpu(workers)
        for worker in workers:
            worker.thaw()
        ended = await _all_applied(url, len(made.messages))
        return len(made.messages) / (ended - began), (_cpu(workers) - cpu) / len(made.messages) * 1e6


async def _all_applied(url: str, events: int) -> float:
    connection = await asyncpg.connect(url)
    deadline = time.monotonic() + _LONGEST_SECONDS
    try:
        while True:
            (found,) = await connection.fetch(_APPLIED)
            if found["count"] == events:
                return float(found["last"])
            assert time.monotonic() < deadline, "the workers never came to an end"
            await asyncio.sleep(_POLL_SECONDS)
    finally:
        await connection.close()


async def _push(stage: Stage, people: int, rounds: int, count: int) -> Done:
    """Let so many gateways push everything, each to its share of the people; each reads the whole stream."""
    members = strangers(stage.signer, people)
    async with AsyncExitStack() as stack:
        vhost = stack.enter_context(stage.broker.vhost())
        gateways, crowds = [], []
        for number in range(count):
            serving = await stack.enter_async_context(gateway(stage, vhost))
            crowd = await stack.enter_async_context(stage.tool(f"load {number + 1}", LOAD))
            path = write_members(stage.folder / f"members-{number}", members[number::count])
            await _connect(crowd, serving.url, path)
            await crowd.ask("expect", frames=len(members[number::count]) * rounds)
            gateways.append(serving.process)
            crowds.append(crowd)
        for process in gateways:
            process.freeze()
        await publish(vhost.notification_worker, deliveries([person for person, _ in members], 1, rounds))
        cpu = _cpu(gateways)
        for process in gateways:
            process.thaw()
        came = [await crowd.ask("counted", seconds=_LONGEST_SECONDS) for crowd in crowds]
        frames = sum(one["frames"] for one in came)
        assert frames == people * rounds, f"{frames} of {people * rounds} frames came"
        seconds = max(one["last_at"] for one in came) - min(one["first_at"] for one in came)
        return frames / seconds, (_cpu(gateways) - cpu) / frames * 1e6


async def _connect(crowd: Measured, url: str, members: Path) -> None:
    await crowd.ask("connect", url=url, members=str(members), at_once=AT_ONCE, decode=False)


async def _ask(stage: Stage, sizes: Sizes, count: int) -> Done:
    """Ask so many APIs of one database for lists of tasks, each over its own connections, for some seconds."""
    async with AsyncExitStack() as stack:
        task_url = await stack.enter_async_context(stage.postgres.database("task_service"))
        notification_url = await stack.enter_async_context(stage.postgres.database("notification_worker"))
        scene = Scene(stage.signer, task_url, notification_url)
        people = await settle(scene, sizes["askers"])
        await add_topics(scene, people, sizes["tasks"], watchers=3)
        choice = random.Random(3)  # noqa: S311 (the same every time)

        def request() -> Request:
            return "GET", "/api/tasks", choice.choice(people).token, b""

        sides = [
            Side(
                await stack.enter_async_context(task_api(stage, task_url, port)),
                f"http://127.0.0.1:{port}",
                request,
            )
            for port in free_ports(count)
        ]
        await asyncio.gather(*(side.turn(sizes["seconds"]) for side in sides))
    assert {status for side in sides for status in side.answers} == {200}, "an API refused"
    return sum(side.rates[0] for side in sides), sum(side.cpu[0] for side in sides) / count


def _cpu(processes: list[Measured]) -> float:
    return sum(process.cpu_seconds for process in processes)


ROW = Row(
    name="scaling",
    question="What do two workers, two gateways, and two APIs get done on this machine that one does not?",
    bare="one process, with the same work",
    sizes={"events": 10_000, "people": 2_000, "rounds": 20, "askers": 200, "tasks": 1_000, "seconds": 5, "turns": 2},
    quick={"events": 1_000, "people": 400, "askers": 50, "tasks": 100, "seconds": 2, "turns": 1},
    run=run,
)
