"""Relays under observation, and the outbox that they empty."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aio_pika
import aio_pika.abc
import asyncpg
from prometheus_client import CollectorRegistry
from sqlalchemy import Column, Integer, MetaData, Table, Text

from infra.broker import MessageRefusedError
from infra.outbox.metrics import CountingObserver, RelayMetrics
from infra.outbox.observer import RelayObserver
from infra.outbox.publishing import Ordering
from infra.outbox.relay import Relay, Retries
from infra.outbox.table import outbox_set_aside_table, outbox_table, relay_lease_table

ROOT = Path(__file__).parents[3]
DEADLINE_SECONDS = 60.0
EXCHANGE = "relay.test"
CHANNEL = "relay_test"

AnyConnection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

METADATA = MetaData()
OUTBOX = outbox_table(METADATA)
SET_ASIDE = outbox_set_aside_table(METADATA)
LEASE = relay_lease_table(METADATA)
TASKS = Table("tasks", METADATA, Column("key", Text, primary_key=True), Column("version", Integer, nullable=False))


class Recorder(RelayObserver):
    """Remembers what a relay told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.leads = False
        self.claimed_ids: list[int] = []
        self.published_ids: list[int] = []
        self.deleted_ids: list[int] = []
        self.nacked_ids: list[int] = []
        self.refusals: list[tuple[int, int, str]] = []
        self.set_aside_ids: list[int] = []
        self.interruptions: list[str] = []
        self.resumptions = 0
        self.steps: list[tuple[str, int]] = []
        self._told = asyncio.Event()
        self.on_published: Callable[[int], None] = lambda _: None

    def leading(self, leads: bool) -> None:  # noqa: FBT001 (as the observer has it)
        self.leads = leads
        self._told.set()

    def claimed(self, row_ids: Sequence[int]) -> None:
        self.claimed_ids.extend(row_ids)
        self._told.set()

    def published(self, row_id: int, seconds: float) -> None:
        assert seconds > 0
        self.published_ids.append(row_id)
        self.steps.append(("published", row_id))
        self.on_published(row_id)
        self._told.set()

    def deleted(self, row_ids: Sequence[int]) -> None:
        self.deleted_ids.extend(row_ids)
        self.steps.extend(("deleted", row_id) for row_id in row_ids)
        self._told.set()

    def nacked(self, row_ids: Sequence[int]) -> None:
        self.nacked_ids.extend(row_ids)
        self._told.set()

    def refused(self, row_id: int, attempts: int, error: MessageRefusedError) -> None:
        self.refusals.append((row_id, attempts, str(error)))
        self._told.set()

    def set_aside(self, row_id: int, error: MessageRefusedError) -> None:
        assert str(error)
        self.set_aside_ids.append(row_id)
        self.steps.append(("set aside", row_id))
        self._told.set()

    def interrupted(self, reason: str) -> None:
        self.interruptions.append(reason)
        self._told.set()

    def resumed(self) -> None:
        self.resumptions += 1
        self._told.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is looked at after everything that is told."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition():
                self._told.clear()
                await self._told.wait()


@asynccontextmanager
async def running_relay(
    database_url: str,
    broker_url: str,
    ordering: Ordering = Ordering.PER_KEY,
    *,
    retries: Retries | None = None,
    exchange: str = EXCHANGE,
) -> AsyncIterator[tuple[Relay, Recorder]]:
    """Run a relay until the end of the block, which it must reach in peace."""
    recorder = Recorder()
    relay = Relay(
        "test",
        database_url=database_url,
        broker_urls=[broker_url],
        exchange=exchange,
        ordering=ordering,
        wake_up_channel=CHANNEL,
        observer=recorder,
        retries=retries,
    )
    async with _running(relay):
        yield relay, recorder


@asynccontextmanager
async def metered_relay(
    database_url: str, broker_url: str, retries: Retries | None = None
) -> AsyncIterator[CollectorRegistry]:
    """Run a relay until the end of the block, and give what it shows to Prometheus."""
    counts, registry = CountingObserver("test"), CollectorRegistry()
    relay = Relay(
        "test",
        database_url=database_url,
        broker_urls=[broker_url],
        exchange=EXCHANGE,
        ordering=Ordering.PER_KEY,
        wake_up_channel=CHANNEL,
        observer=counts,
        retries=retries,
    )
    RelayMetrics(relay, counts, registry)
    async with _running(relay):
        yield registry


@asynccontextmanager
async def _running(relay: Relay) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(relay.run(stop))
        try:
            yield
        finally:
            stop.set()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await running


@asynccontextmanager
async def relay_process(database_url: str, broker_url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.infra.relay_process", database_url, broker_url), cwd=ROOT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def append(connection: AnyConnection, key: str, body: str, *, routing_key: str = "known") -> int:
    """Write one row as a service would; give its id."""
    row_id = await connection.fetchval(
        "INSERT INTO outbox (message_id, type, content_type, routing_key, order_key, body)"
        " VALUES ($1, 'test', 'text/plain', $2, $3, $4) RETURNING id",
        f"{key}/{body}",
        routing_key,
        key,
        body,
    )
    assert isinstance(row_id, int)
    return row_id


async def append_many(connection: asyncpg.Connection, keys: int, of_each: int, *, routing_key: str = "known") -> int:
    """Write rows of several keys, their bodies counting up for each key; give how many."""
    await connection.execute(
        "INSERT INTO outbox (message_id, type, content_type, routing_key, order_key, body)"
        " SELECT key || '/' || number, 'test', 'text/plain', $3, key::text, number::text"
        " FROM generate_series(1, $2::int) AS number, generate_series(1, $1::int) AS key",
        keys,
        of_each,
        routing_key,
    )
    return keys * of_each


async def until_value(database: asyncpg.Connection, query: str, value: object) -> None:
    """Wait until a query gives a value."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await database.fetchval(query) != value:
            await asyncio.sleep(0.02)


async def count(connection: asyncpg.Connection, table: str) -> int:
    rows = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 (a table of ours)
    assert isinstance(rows, int)
    return rows


class Inbox:
    """A queue bound to the test's exchange by the routing key `known`, and all that came."""

    def __init__(self, channel: aio_pika.abc.AbstractChannel, queue: aio_pika.abc.AbstractQueue) -> None:
        self.channel = channel
        self.queue = queue
        self.messages: list[aio_pika.abc.AbstractIncomingMessage] = []
        self._came = asyncio.Event()

    async def take(self, message: aio_pika.abc.AbstractIncomingMessage) -> None:
        self.messages.append(message)
        self._came.set()

    @property
    def ids(self) -> list[str]:
        return [message.message_id or "" for message in self.messages]

    @property
    def ids_once(self) -> list[str]:
        """The ids in the order in which they came first: a message whose confirm comes too late is sent again."""
        return list(dict.fromkeys(self.ids))

    @property
    def first_seen(self) -> dict[str, list[int]]:
        """The bodies of each key, in the order in which they came first; repetitions are left out."""
        seen: dict[str, list[int]] = {}
        for message_id in self.ids_once:
            key, _, body = message_id.rpartition("/")
            seen.setdefault(key, []).append(int(body))
        return seen

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition():
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def open_inbox(broker_url: str) -> AsyncIterator[Inbox]:
    """Declare the exchange `relay.test` and a queue of our own, and consume from it in order.

    Tests may share a broker: what one of them leaves in its queue is nobody else's.
    """
    connection = await aio_pika.connect(broker_url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange(EXCHANGE, "topic", durable=True)
        name = f"relay.test.{secrets.token_hex(4)}"
        queue = await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})
        await queue.bind(exchange, "known")
        inbox = Inbox(channel, queue)
        await queue.consume(inbox.take, no_ack=True)
        try:
            yield inbox
        finally:
            await queue.delete(if_unused=False, if_empty=False)
