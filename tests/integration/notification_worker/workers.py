"""Workers inside the test's own loop, and messages for them as the broker's users would send them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aio_pika
import aio_pika.abc
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.envelope import CONTENT_TYPE
from contracts.events import AnyEvent
from contracts.events.task import TaskEventData
from contracts.topology import DOMAIN_EVENTS, NOTIFICATION_WORKER, TASK_SERVICE, WORKER_DEAD_LETTERS, task_routing_key
from infra.broker.link import PublisherLink
from infra.consuming.dead_letters import DeadLetters
from infra.lifecycle import run_services
from notification_worker.commands.apply_events import apply_events, apply_short_events
from notification_worker.commands.ended_sessions import end_sessions
from notification_worker.commands.erased_people import names_somebody_erased
from notification_worker.commands.worker_heartbeats import beat, leave
from notification_worker.consumers.batcher import ApplyAll, Batcher, leaving_nothing
from notification_worker.consumers.consuming import Consuming, NotConsumingError, Rhythm
from notification_worker.consumers.erased_letters import LettersWithoutErased
from notification_worker.consumers.intake import Intake
from notification_worker.metrics import CountedDeadLetters, WorkerTallies

RHYTHM = Rhythm(beat_seconds=0.1, standby_seconds=0.4)
DEADLINE_SECONDS = 60.0


@dataclass
class Worker:
    consuming: Consuming
    tallies: WorkerTallies
    stop: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def running_worker(
    urls: Sequence[str],
    database: AsyncEngine,
    *,
    apply: ApplyAll | None = None,
    prefetch: int = 200,
) -> AsyncIterator[Worker]:
    """Run a worker until the end of the block, or until it is stopped."""
    tallies = WorkerTallies()
    short = leaving_nothing(apply) if apply else partial(apply_short_events, database, observer=tallies)
    long = leaving_nothing(partial(apply_events, database, observer=tallies))
    batcher = Batcher(tallies.counting(short), tallies.counting(long))
    sessions = Batcher(leaving_nothing(partial(end_sessions, database, observer=tallies)))
    link = PublisherLink(urls, "test dead letters")
    counted = CountedDeadLetters(DeadLetters(link, NOTIFICATION_WORKER), tallies.dead_lettered)
    letters = LettersWithoutErased(counted, partial(names_somebody_erased, database))
    consuming = Consuming(
        urls,
        beat=partial(beat, database),
        leave=partial(leave, database),
        handle=Intake(batcher, letters, sessions=sessions).take,
        prefetch=prefetch,
        rhythm=RHYTHM,
    )
    worker = Worker(consuming, tallies)

    async def work() -> None:
        services = {"batcher": batcher.run, "sessions": sessions.run, "consuming": consuming.run, "link": link.run}
        assert await run_services(services, worker.stop) == 0

    async with asyncio.TaskGroup() as group:
        group.create_task(work())
        await eventually(lambda: is_consuming(worker))
        yield worker
        worker.stop.set()


async def is_consuming(worker: Worker) -> bool:
    try:
        await worker.consuming.check()
    except NotConsumingError:
        return False
    return True


async def eventually(condition: Callable[[], Any], seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


@dataclass
class Producer:
    """Sends as one broker user, whose name the broker checks."""

    exchange: aio_pika.abc.AbstractExchange
    user: str

    async def send(self, *events: AnyEvent) -> None:
        """Send events one after the other, each to the lane of its task."""
        for event in events:
            await self.send_raw(
                event.model_dump_json().encode(), _routing_key(event), message_id=event.id, message_type=event.type
            )

    async def send_raw(
        self,
        body: bytes,
        routing_key: str,
        *,
        message_id: str | None = None,
        message_type: str | None = None,
        user_id: str | None = "own",
        headers: aio_pika.abc.HeadersType | None = None,
    ) -> None:
        message = aio_pika.Message(
            body,
            content_type=CONTENT_TYPE,
            message_id=message_id,
            type=message_type,
            headers=headers,
            user_id=self.user if user_id == "own" else user_id,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        await self.exchange.publish(message, routing_key)


@asynccontextmanager
async def producing(url: str, user: str = TASK_SERVICE) -> AsyncIterator[Producer]:
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        yield Producer(await channel.get_exchange(DOMAIN_EVENTS, ensure=False), user)


async def dead_letters(admin_url: str, count: int) -> list[aio_pika.abc.AbstractIncomingMessage]:
    """Take so many dead letters."""
    letters: list[aio_pika.abc.AbstractIncomingMessage] = []
    async with await aio_pika.connect(admin_url) as connection, connection.channel() as channel:
        queue = await channel.get_queue(WORKER_DEAD_LETTERS)
        async with asyncio.timeout(DEADLINE_SECONDS), queue.iterator() as found:
            async for letter in found:
                await letter.ack()
                letters.append(letter)
                if len(letters) == count:
                    break
    return letters


def _routing_key(event: AnyEvent) -> str:
    if isinstance(event.data, TaskEventData):
        return task_routing_key(event.routing_key, event.data.task.id)
    return event.routing_key
