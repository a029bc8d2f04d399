"""How long a change takes from the HTTP answer to the decoded frame in a window, at rest, and what each hop takes.

`python -m tests.load.latency` starts the whole system on free ports, adds 200 comments to a watched task, 50 ms apart
and on schedule, and prints a table. The exit code is not zero when a frame is missing or comes twice, or when the 95th
percentile is over the 2 s of the requirement; the aims are printed beside the figures.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aio_pika
import httpx
from aio_pika.abc import AbstractIncomingMessage

from contracts.topology import DELIVERIES, DOMAIN_EVENTS
from tests.support.people import Person
from tests.support.system import System

CHANGES = 200
INTERVAL_SECONDS = 0.05
WARM_UP = 20
AIM_P50_MS = 20.0
AIM_P99_MS = 80.0
REQUIRED_P95_MS = 2_000.0
DEADLINE_SECONDS = 30

Json = dict[str, Any]
Times = dict[str, float]


@dataclass
class Trails:
    """When each comment was where, in seconds of the wall clock, which all processes of a machine share."""

    sent: Times = field(default_factory=dict)
    answered: Times = field(default_factory=dict)
    written: Times = field(default_factory=dict)
    published: Times = field(default_factory=dict)
    stored: Times = field(default_factory=dict)
    delivered: Times = field(default_factory=dict)
    decoded: Times = field(default_factory=dict)
    repeated: int = 0
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def between(self, start: Times, end: Times) -> list[float]:
        """Give how long each comment took from one stage to a later one, without those of the warm-up."""
        return [end[comment] - start[comment] for comment in list(self.sent)[WARM_UP:]]

    def note(self, stage: Times, comment: str) -> None:
        """Write down that a comment has reached a stage now."""
        stage[comment] = time.time()
        if all(len(times) == WARM_UP + CHANGES for times in (self.published, self.delivered, self.decoded)):
            self.complete.set()


async def listen(channel: aio_pika.abc.AbstractChannel, trails: Trails, task: str, watcher: str) -> None:
    """Hear the events of the task and the deliveries for the watcher as they pass the broker."""

    async def event(message: AbstractIncomingMessage) -> None:
        content = json.loads(message.body)
        if content["subject"] == task and "comment" in content["data"]:
            comment = content["data"]["comment"]["id"]
            trails.note(trails.published, comment)
            trails.written[comment] = moment(content["time"])

    async def delivery(message: AbstractIncomingMessage) -> None:
        for frame in json.loads(message.body).get("frames", ()):
            if frame["user_id"] == watcher:
                trails.note(trails.delivered, comment_of(json.loads(frame["frame"])))

    for exchange, routing_key, hear in ((DOMAIN_EVENTS, "task.#", event), (DELIVERIES, "", delivery)):
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(exchange, routing_key)
        await queue.consume(hear, no_ack=True)


async def measure(system: System) -> Trails:
    """Let one person comment on a task that another one watches, and follow each comment to the other's window."""
    trails = Trails()
    async with httpx.AsyncClient() as http:
        writer = await Person.register(http, system.addresses, "Writer")
        watcher = await Person.register(http, system.addresses, "Watcher")
        task = (await watcher.create_task("A task that is talked about"))["id"]
        connection = await aio_pika.connect(system.admin_broker_url)
        async with connection, watcher.window() as window:
            await listen(await connection.channel(), trails, task, watcher.id)

            def decode(frame: Json) -> None:
                comment = comment_of(frame)
                trails.repeated += comment in trails.decoded
                trails.note(trails.decoded, comment)
                trails.stored[comment] = moment(frame["payload"]["created_at"])

            window.on_frame = decode
            start = time.time()
            async with asyncio.TaskGroup() as group:
                for number in range(WARM_UP + CHANGES):
                    await asyncio.sleep(max(0.0, start + number * INTERVAL_SECONDS - time.time()))
                    group.create_task(comment_on(task, writer, trails))
            async with asyncio.timeout(DEADLINE_SECONDS):
                await trails.complete.wait()
    return trails


async def comment_on(task: str, writer: Person, trails: Trails) -> None:
    sent = time.time()
    comment = (await writer.comment(task, "Is this still so?"))["id"]
    trails.sent[comment] = sent
    trails.answered[comment] = time.time()


def comment_of(frame: Json) -> str:
    """Say which comment a notification is about; its link ends with it."""
    return str(frame["payload"]["link"]).rpartition("#comment-")[2]


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def report(trails: Trails) -> bool:
    """Print the table; say whether nothing was missing, nothing came twice and the requirement was met."""
    hops = {
        "HTTP: request to answer": trails.between(trails.sent, trails.answered),
        "task relay: outbox row to event at the broker": trails.between(trails.written, trails.published),
        "worker: event to its transaction": trails.between(trails.published, trails.stored),
        "its commit and relay: to delivery at the broker": trails.between(trails.stored, trails.delivered),
        "gateway: delivery to decoded frame": trails.between(trails.delivered, trails.decoded),
    }
    whole = trails.between(trails.answered, trails.decoded)
    sys.stdout.write(f"{CHANGES} changes, {INTERVAL_SECONDS * 1000:g} ms apart, milliseconds\n")
    sys.stdout.write(f"{'':54}{'p50':>8}{'p95':>8}{'p99':>8}\n")
    for name, seconds in {**hops, "HTTP answer to decoded frame": whole}.items():
        p50, p95, p99 = percentiles(seconds)
        sys.stdout.write(f"{name:54}{p50:8.1f}{p95:8.1f}{p99:8.1f}\n")
    p50, p95, p99 = percentiles(whole)
    sys.stdout.write(f"aim: p50 under {AIM_P50_MS:g} ({'met' if p50 < AIM_P50_MS else 'missed'}), ")
    sys.stdout.write(f"p99 under {AIM_P99_MS:g} ({'met' if p99 < AIM_P99_MS else 'missed'}); ")
    sys.stdout.write(f"required: p95 under {REQUIRED_P95_MS:g}; frames that came twice: {trails.repeated}\n")
    return p95 < REQUIRED_P95_MS and trails.repeated == 0


def percentiles(seconds: list[float]) -> tuple[float, float, float]:
    """Give the 50th, 95th and 99th percentile in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1000, cuts[94] * 1000, cuts[98] * 1000


async def main() -> int:
    """Start a system, measure, stop it."""
    with tempfile.TemporaryDirectory(prefix="taskify-latency-") as folder:
        async with System.started(Path(folder)) as system:
            return 0 if report(await measure(system)) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
