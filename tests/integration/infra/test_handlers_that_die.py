"""An error that nobody expected, in what handles a message: it is said, and nothing of the queue is lost for it."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import aio_pika
import pytest

from infra.consuming.received import Received
from infra.consuming.single_queue import SingleQueue
from infra.lifecycle import run_services

PATIENCE_SECONDS = 60


@pytest.fixture
async def queue(admin_broker_url: str) -> AsyncIterator[str]:
    """A queue with three messages, which is gone with the test."""
    name = f"handlers-that-die-{secrets.token_hex(4)}"
    async with await aio_pika.connect(admin_broker_url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(name, durable=True)
        for body in (b"1", b"2", b"3"):
            await channel.default_exchange.publish(aio_pika.Message(body), name)
        yield name
        await channel.queue_delete(name)


async def test_a_message_whose_handler_dies_comes_again(admin_broker_url: str, queue: str) -> None:
    handled: list[bytes] = []
    again = asyncio.Event()

    async def handle(received: Received) -> None:
        handled.append(received.body)
        if received.body == b"2" and handled.count(b"2") == 1:
            raise RuntimeError(received.body)
        received.acknowledge()
        if handled.count(b"2") > 1 and b"3" in handled:
            again.set()

    consuming, stop = SingleQueue([admin_broker_url], "test", queue, handle), asyncio.Event()
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        running = group.create_task(run_services({"consuming": consuming.run}, stop))
        await again.wait()
        stop.set()
        assert await running == 0

    assert (handled[0], handled.count(b"2")) == (b"1", 2)
