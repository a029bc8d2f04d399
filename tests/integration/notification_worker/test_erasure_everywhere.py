"""An erasure with everything that it needs: workers, relay, broker, and a stream whose segments roll within seconds."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events.user import UserErasureCompleted, UserErasureCompletedData
from contracts.topology import (
    BINDINGS,
    DELIVERIES,
    TASK_SERVICE_USER_EVENTS,
    UNROUTED,
    WORKER_DEAD_LETTERS,
    task_routing_key,
)
from infra.broker.link import PublisherLink
from infra.http.server import listen
from infra.lifecycle import run_services
from infra.local.ports import free_ports
from notification_worker.commands.stream_padding import StreamLimits
from notification_worker.consumers.draining import drain
from notification_worker.erasure.finishing import Finishing
from notification_worker.erasure.tallies import ErasureTallies
from notification_worker.models import metadata, notifications, processed_events
from notification_worker.relay import relay_services
from notification_worker.schedule import repeated
from notification_worker.settings import RelaySettings
from tests.integration.notification_worker.answers import erasure_of
from tests.integration.notification_worker.workers import Producer, eventually, producing, running_worker
from tests.support.notification_events import TaskStory, person, registered
from tests.support.search_broker import messages_naming, messages_of

NAME = "Quendoline Xylander"
ANN, EVE, JOHN = person(NAME), person("Eve"), person("John")
SEGMENT_BYTES = 600_000
AGE = timedelta(seconds=6)
LIMITS = StreamLimits(
    age=AGE, segment_bytes=SEGMENT_BYTES, clock_difference=timedelta(seconds=1), distance=timedelta(seconds=0.5)
)
SECONDS = 90

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
async def _short_stream(admin_broker_url: str) -> None:
    """Let the stream forget within seconds."""
    arguments: dict[str, str | int] = {
        "x-queue-type": "stream",
        "x-max-age": f"{AGE.seconds}s",
        "x-stream-max-segment-size-bytes": SEGMENT_BYTES,
    }
    async with await aio_pika.connect(admin_broker_url) as connection, connection.channel() as channel:
        await channel.queue_delete(DELIVERIES)
        queue = await channel.declare_queue(DELIVERIES, durable=True, arguments=dict(arguments))
        for binding in BINDINGS:
            if binding.queue == DELIVERIES:
                await queue.bind(binding.exchange, binding.routing_key)


@asynccontextmanager
async def finishing(database: AsyncEngine, url: str) -> AsyncIterator[ErasureTallies]:
    """Run what a worker does for erasures; it may be stopped and begun again at any moment."""
    tallies, stop = ErasureTallies(), asyncio.Event()
    link = PublisherLink([url], "test erasures")
    work = Finishing(database, [url], link.publish, notify_relay=lambda: None, tallies=tallies, limits=LIMITS)

    async def run() -> None:
        services = {"link": link.run, "erasures": repeated("erasures", work.work, 0.2)}
        assert await run_services(services, stop) == 0

    async with asyncio.TaskGroup() as group:
        group.create_task(run())
        yield tallies
        stop.set()


@asynccontextmanager
async def relaying(database_url: str, broker_url: str) -> AsyncIterator[None]:
    stop, listener = asyncio.Event(), listen("127.0.0.1", free_ports(1)[0])
    settings = RelaySettings(_env_file=None, notification_database_url=database_url, notification_broker_url=broker_url)

    async def run() -> None:
        assert await run_services(relay_services(settings, listener), stop) == 0

    async with asyncio.TaskGroup() as group:
        group.create_task(run())
        yield
        stop.set()


async def rows_naming(database: AsyncEngine, word: str) -> list[str]:
    async with database.connect() as connection:
        found = []
        for table in metadata.sorted_tables:
            rows = text(f"SELECT count(*) FROM {table.name} AS held WHERE held::text ILIKE :word")  # noqa: S608 (ours)
            if await connection.scalar(rows, {"word": f"%{word}%"}):
                found.append(table.name)
        return found


async def answers_in(admin_url: str) -> list[UserErasureCompletedData]:
    return [
        UserErasureCompleted.parse(message.body).data
        for message in await messages_of(admin_url, TASK_SERVICE_USER_EVENTS)
    ]


async def processed(database: AsyncEngine) -> int:
    async with database.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(processed_events)) or 0)


async def until_processed(database: AsyncEngine, count: int) -> None:
    async def reached() -> bool:
        return await processed(database) >= count

    await eventually(reached, SECONDS)


async def until_relayed(database: AsyncEngine) -> None:
    async def empty() -> bool:
        async with database.connect() as connection:
            return not await connection.scalar(text("SELECT count(*) FROM outbox"))

    await eventually(empty, SECONDS)


async def until_letters(admin_url: str, count: int) -> list[AbstractIncomingMessage]:
    found: list[AbstractIncomingMessage] = []

    async def there() -> bool:
        found[:] = await messages_of(admin_url, WORKER_DEAD_LETTERS)
        return len(found) >= count

    await eventually(there, SECONDS)
    return found


async def send_what_nobody_takes(task_service: Producer) -> None:
    """Send two events of a type that nobody knows, and two that no queue is bound for; the first of each is Ann's."""
    for actor in (ANN, JOHN):
        unknown = TaskStory().moved(actor)
        body = unknown.model_dump_json().replace(unknown.type, "taskify.task.of_later.v1").encode()
        await task_service.send_raw(body, task_routing_key("task.moved", unknown.data.task.id), message_id=unknown.id)
        lost = TaskStory().moved(actor)
        await task_service.send_raw(lost.model_dump_json().encode(), "task.moved.99", message_id=lost.id)


async def finished(admin_url: str, answers: int) -> list[UserErasureCompletedData]:
    found: list[UserErasureCompletedData] = []

    async def there() -> bool:
        found[:] = await answers_in(admin_url)
        return len(found) >= answers

    await eventually(there, SECONDS)
    return found


async def replay(task_service: Producer, letters: Sequence[AbstractIncomingMessage]) -> None:
    for letter in letters:
        await task_service.send_raw(letter.body, str(letter.headers["x-routing-key"]), message_id=letter.message_id)


@pytest.mark.usefixtures("_short_stream")
async def test_nothing_of_a_name_is_left_in_any_table_queue_or_stream_and_nothing_brings_it_back(
    database: AsyncEngine,
    notification_database_url: str,
    notification_broker_url: str,
    task_broker_url: str,
    admin_broker_url: str,
) -> None:
    story, url = TaskStory(), notification_broker_url
    async with (
        running_worker([url], database),
        running_worker([url], database),
        relaying(notification_database_url, url),
        producing(task_broker_url) as task_service,
    ):
        await task_service.send(*(registered(one) for one in (ANN, EVE, JOHN)))
        await task_service.send(story.created(ANN), story.assigned(ANN, EVE), story.commented(ANN))
        late = story.commented(ANN)
        await until_processed(database, 6)
        await send_what_nobody_takes(task_service)
        letters = await until_letters(admin_broker_url, 2)
        await until_relayed(database)
        before = await messages_naming(admin_broker_url, [NAME])
        assert [each.split(":")[0] for each in before] == [WORKER_DEAD_LETTERS, UNROUTED, DELIVERIES]
        assert await rows_naming(database, NAME) == ["notifications"]

        erasure = erasure_of(ANN)
        await task_service.send(erasure, erasure)
        (first,) = await finished(admin_broker_url, 1)
        assert {one.what for one in first.pending} == {"dead_letters", "delivery_stream"}
        assert await rows_naming(database, NAME) == []
        async with finishing(database, url) as tallies:
            # Stopped in the midst of its work, it goes on elsewhere.
            async with asyncio.timeout(SECONDS):
                while not tallies.padded_bytes:
                    await asyncio.sleep(0.01)
        async with finishing(database, url), finishing(database, url):
            first_again, last = await finished(admin_broker_url, 2)
        assert (first_again, last.pending) == (first, ())
        assert {one.what: one.count for one in last.removed}["dead_letters"] == 2
        await until_gone_from_the_stream(admin_broker_url)
        assert await messages_naming(admin_broker_url, [NAME]) == []
        assert len(await messages_of(admin_broker_url, WORKER_DEAD_LETTERS)) == 1
        assert len(await messages_of(admin_broker_url, UNROUTED)) == 1

        await replay(task_service, letters)
        await task_service.send(late, TaskStory().assigned(ANN, EVE), TaskStory().assigned(JOHN, ANN))
        await drain(database, [admin_broker_url], SECONDS)
        assert len(await messages_of(admin_broker_url, WORKER_DEAD_LETTERS)) == 2
        await until_relayed(database)
    assert await messages_naming(admin_broker_url, [NAME]) == []
    assert await rows_naming(database, NAME) == []
    async with database.connect() as connection:
        of_ann = select(func.count()).where(notifications.c.user_id == ANN.id)
        assert await connection.scalar(of_ann) == 0


async def until_gone_from_the_stream(admin_url: str) -> None:
    """Wait for the broker, which removes segments in the background, within moments of the look at their ages."""

    async def gone() -> bool:
        # What padded the stream goes too where it took longer than the stream's age: something need not be left.
        return not any(NAME.encode() in message.body for message in await messages_of(admin_url, DELIVERIES))

    await eventually(gone, SECONDS)
