"""The whole system at rest: from the HTTP answer to the decoded frame in a window, hop by hop."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aio_pika
import httpx
from aio_pika.abc import AbstractIncomingMessage
from uuid_utils.compat import uuid7

from contracts.topology import DELIVERIES, DOMAIN_EVENTS
from tests.load.generator.schedule import on_schedule
from tests.load.results import Figure, Plot, at_most, distribution, percentile
from tests.load.row import Findings, Row, Sizes
from tests.load.scene.events import TEXT
from tests.load.scene.population import Topic, settle, write_topics
from tests.load.scene.stage import Stage
from tests.load.scene.system import System, running_system
from tests.support.people import Person

INTERVAL_SECONDS = 0.05
WARM_UP = 20
DEADLINE_SECONDS = 60

Json = dict[str, Any]
Times = dict[str, float]


@dataclass
class Trails:
    """When the comment on each task was where, in seconds of the wall clock, which all processes of a machine share."""

    sent: Times = field(default_factory=dict)
    answered: Times = field(default_factory=dict)
    written: Times = field(default_factory=dict)
    published: Times = field(default_factory=dict)
    stored: Times = field(default_factory=dict)
    delivered: Times = field(default_factory=dict)
    decoded: Times = field(default_factory=dict)
    repeated: int = 0
    changes: int = 0
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def between(self, start: Times, end: Times) -> list[float]:
        """Give how long each comment took from one stage to a later one, without those of the warm-up."""
        return [end[task] - start[task] for task in list(self.sent)[WARM_UP:]]

    @property
    def hops(self) -> dict[str, list[float]]:
        """Give how long each stage took."""
        return {
            "HTTP: request to answer": self.between(self.sent, self.answered),
            "task relay: outbox row to event at the broker": self.between(self.written, self.published),
            "worker: event to its transaction": self.between(self.published, self.stored),
            "its commit and relay: to delivery at the broker": self.between(self.stored, self.delivered),
            "gateway: delivery to decoded frame": self.between(self.delivered, self.decoded),
        }

    def note(self, stage: Times, task: str) -> None:
        """Write down that the comment on a task has reached a stage now."""
        stage[task] = time.time()
        if all(len(times) == self.changes for times in (self.published, self.delivered, self.decoded)):
            self.complete.set()


async def listen(channel: aio_pika.abc.AbstractChannel, trails: Trails, tasks: set[str]) -> None:
    """Hear the events of the tasks and the deliveries as they pass the broker."""

    async def event(message: AbstractIncomingMessage) -> None:
        content = json.loads(message.body)
        if content["subject"] in tasks:
            trails.note(trails.published, content["subject"])
            trails.written[content["subject"]] = moment(content["time"])

    async def delivery(message: AbstractIncomingMessage) -> None:
        for frame in json.loads(message.body).get("frames", ()):
            task = json.loads(frame["frame"])["payload"]["task_id"]
            if task in tasks:
                trails.note(trails.delivered, task)

    for exchange, routing_key, hear in ((DOMAIN_EVENTS, "task.#", event), (DELIVERIES, "", delivery)):
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(exchange, routing_key)
        await queue.consume(hear, no_ack=True)


async def follow(system: System, changes: int) -> Trails:
    """Let one person comment on tasks that another one watches, and follow each comment to the other's window.

    Each comment is on a task of its own: those on one task would become one notification.
    """
    trails = Trails(changes=WARM_UP + changes)
    writer, watcher = await settle(system, 2)
    topics = [Topic(uuid7(), writer, (watcher,)) for _ in range(trails.changes)]
    await write_topics(system, topics)
    async with httpx.AsyncClient(trust_env=False) as http:
        writing, watching = (
            Person(str(one.id), "Somebody", "", one.token, system.addresses, http) for one in (writer, watcher)
        )
        connection = await aio_pika.connect(system.admin_broker_url)
        async with connection, watching.window() as window:
            await listen(await connection.channel(), trails, {str(topic.id) for topic in topics})

            def decode(frame: Json) -> None:
                task = frame["payload"]["task_id"]
                trails.repeated += task in trails.decoded
                trails.note(trails.decoded, task)
                trails.stored[task] = moment(frame["payload"]["created_at"])

            async def comment(number: int, _: float) -> None:
                task = str(topics[number].id)
                trails.sent[task] = time.time()
                await writing.comment(task, TEXT)
                trails.answered[task] = time.time()

            window.on_frame = decode
            await on_schedule(trails.changes, 1 / INTERVAL_SECONDS, comment)
            async with asyncio.timeout(DEADLINE_SECONDS):
                await trails.complete.wait()
    return trails


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def run(stage: Stage, sizes: Sizes) -> Findings:
    found = Findings(settings={"changes": f"{INTERVAL_SECONDS * 1000:g} ms apart, on schedule"})
    whole: dict[int, list[float]] = {50: [], 95: [], 99: []}
    sums: list[float] = []
    hops: dict[str, list[float]] = {}
    bare_hops: dict[str, list[float]] = {}
    last: list[float] = []
    async with running_system(stage) as system:
        for _ in range(sizes["turns"]):
            bare = await _bare(stage, sizes["changes"])
            sums.append(sum(percentile(sorted(values), 50) for values in bare.values()))
            for name, values in bare.items():
                bare_hops.setdefault(f"bare: {name}, p50", []).append(percentile(sorted(values), 50))
            trails = await follow(system, sizes["changes"])
            if trails.repeated:
                found.lost.append(f"{trails.repeated} frames came twice")
            for name, values in trails.hops.items():
                hops.setdefault(f"{name}, p50", []).append(percentile(sorted(values), 50) * 1000)
            last = sorted(seconds * 1000 for seconds in trails.between(trails.answered, trails.decoded))
            for percent, values in whole.items():
                values.append(percentile(last, percent))
    aims = {50: at_most(15), 95: None, 99: at_most(50)}
    found.figures = [
        Figure(
            name=f"HTTP answer to decoded frame, p{percent}",
            unit="ms",
            samples=tuple(values),
            bare_name="sum of the bare hops, p50" if percent == 50 else "",
            bare=tuple(sums) if percent == 50 else (),
            aim=aims[percent],
        )
        for percent, values in whole.items()
    ]
    found.figures += [
        Figure(name=name, unit="ms", samples=tuple(values)) for name, values in {**hops, **bare_hops}.items()
    ]
    line = distribution("frames", last)
    found.plots = [Plot(title="HTTP answer to decoded frame, last turn", x="ms", y="% of frames", lines=(line,))]
    return found


async def _bare(stage: Stage, count: int) -> dict[str, list[float]]:
    with stage.broker.vhost() as vhost:
        async with stage.postgres.database("task_service") as url:
            return await stage.run_bare("hops", url, vhost.administrator, count)


ROW = Row(
    name="latency",
    question="At rest, how long does a change take from the HTTP answer to the decoded frame in a window?",
    bare="the medians of the same hops with bare libraries, added up",
    sizes={"changes": 200, "turns": 3},
    quick={"changes": 50, "turns": 1},
    run=run,
)
