"""A broker that keeps its connections and reads nothing more, while more is in flight than the kernel takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from infra.broker import BrokerAwayError, connection
from infra.broker.link import PublisherLink
from infra.broker.publisher import Publisher
from tests.integration.infra.relays import DEADLINE_SECONDS, EXCHANGE, Inbox, running_relay
from tests.integration.infra.test_publisher import Letter
from tests.support.tcp_proxy import TcpProxy

LETTERS = 40
LONG = "x" * 500_000
"""Forty of these are more than the socket buffers of both sides together, so some stay with the client library."""

STOP_SECONDS = 8.0
"""What a process gives its services to stop."""


@asynccontextmanager
async def in_flight(publisher: Publisher | PublisherLink) -> AsyncIterator[None]:
    """Publish many long letters, of which none is confirmed."""

    async def publish(number: int) -> None:
        with pytest.raises(BrokerAwayError):
            await publisher.publish(EXCHANGE, Letter(f"lost-{number}", body=LONG))

    async with asyncio.TaskGroup() as group:
        for number in range(LETTERS):
            group.create_task(publish(number))
        yield


@pytest.mark.usefixtures("inbox")
async def test_a_connection_to_a_frozen_broker_is_closed_in_time(admin_broker_url: str) -> None:
    async with TcpProxy.to(admin_broker_url) as proxy:
        publisher = await Publisher.open(await connection.connect([proxy.url], "test"))
        proxy.stall()
        async with in_flight(publisher):
            async with asyncio.timeout(DEADLINE_SECONDS):
                await publisher.lost.wait()
            async with asyncio.timeout(STOP_SECONDS):
                await publisher.close()


async def test_a_link_to_a_frozen_broker_goes_on_to_the_next_address(
    admin_broker_url: str, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 1.0)
    async with TcpProxy.to(admin_broker_url) as proxy:
        link, stop = PublisherLink([proxy.url, admin_broker_url], "test"), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(link.run(stop))
            try:
                await link.wait_until_writable(DEADLINE_SECONDS)
                proxy.stall()
                async with in_flight(link):
                    pass
                await link.wait_until_writable(DEADLINE_SECONDS)
                await link.publish(EXCHANGE, Letter("found"))
            finally:
                stop.set()
    await inbox.until(lambda: inbox.ids == ["found"])


@pytest.mark.usefixtures("inbox")
async def test_a_relay_stops_in_time_while_the_broker_is_frozen(
    outbox_url: str, admin_broker_url: str, database: asyncpg.Connection
) -> None:
    await database.execute(
        "INSERT INTO outbox (message_id, type, content_type, routing_key, order_key, body)"
        " SELECT number, 'test', 'text/plain', 'known', number, $2 FROM generate_series(1, $1::int) AS number",
        LETTERS,
        LONG,
    )
    async with TcpProxy.to(admin_broker_url) as proxy:
        async with running_relay(outbox_url, proxy.url) as (_, recorder):
            await recorder.until(lambda: bool(recorder.claimed_ids))
            proxy.stall()
            await recorder.until(lambda: bool(recorder.interruptions))
            stopped_at = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - stopped_at < STOP_SECONDS
