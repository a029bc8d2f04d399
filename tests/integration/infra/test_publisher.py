"""Publishing to a real broker: what a confirm means, and what each refusal is called."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aio_pika import DeliveryMode
from aiormq.channel import Channel
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from contracts.topology import DELIVERIES, DOMAIN_EVENTS
from infra.broker import (
    BrokerAwayError,
    MessageForbiddenError,
    MessageNackedError,
    MessageNotEncodableError,
    MessagesSuspectedError,
    MessageUnroutableError,
)
from infra.broker.confirms import ConfirmedSending
from infra.broker.connection import connect
from infra.broker.link import PublisherLink
from infra.broker.publisher import Publisher
from tests.integration.infra.relays import DEADLINE_SECONDS, EXCHANGE, Inbox
from tests.support.tcp_proxy import TcpProxy


@dataclass(frozen=True)
class Letter:
    message_id: str = "letter-1"
    type: str = "letter"
    content_type: str = "text/plain"
    routing_key: str = "known"
    body: str | bytes = "Dear broker"


@asynccontextmanager
async def open_publisher(url: str) -> AsyncIterator[Publisher]:
    publisher = await Publisher.open(await connect([url], "test"))
    try:
        yield publisher
    finally:
        await publisher.close()


@asynccontextmanager
async def running_link(url: str) -> AsyncIterator[PublisherLink]:
    link, stop = PublisherLink([url], "test"), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(link.run(stop))
        try:
            yield link
        finally:
            stop.set()


async def test_a_message_arrives_persistent_and_named_with_the_user_of_the_connection(
    admin_broker_url: str, inbox: Inbox
) -> None:
    async with open_publisher(admin_broker_url) as publisher:
        await publisher.publish(EXCHANGE, Letter(), headers={"reason": "because"})
        await inbox.until(lambda: inbox.ids == ["letter-1"])

    (message,) = inbox.messages
    assert message.body == b"Dear broker"
    assert message.delivery_mode == DeliveryMode.PERSISTENT
    assert message.user_id == "taskify-administrator"
    assert (message.type, message.content_type) == ("letter", "text/plain")
    assert message.headers == {"reason": "because"}


async def test_an_unroutable_message_is_refused_and_the_next_one_goes(admin_broker_url: str, inbox: Inbox) -> None:
    async with open_publisher(admin_broker_url) as publisher:
        with pytest.raises(MessageUnroutableError, match=r"nowhere.*relay\.test"):
            await publisher.publish(EXCHANGE, Letter(routing_key="nowhere"))
        assert not publisher.lost.is_set()
        await publisher.publish(EXCHANGE, Letter("letter-2"))

    await inbox.until(lambda: inbox.ids == ["letter-2"])


async def test_a_message_for_a_full_queue_is_nacked(admin_broker_url: str, inbox: Inbox) -> None:
    full = await inbox.channel.declare_queue(
        "full", durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
    )
    await full.bind(EXCHANGE, "full")

    async with open_publisher(admin_broker_url) as publisher:
        await publisher.publish(EXCHANGE, Letter(routing_key="full"))
        with pytest.raises(MessageNackedError):
            await publisher.publish(EXCHANGE, Letter("letter-2", routing_key="full"))
        assert not publisher.lost.is_set()


async def test_a_routing_key_without_the_right_is_forbidden_and_costs_the_channel(task_broker_url: str) -> None:
    async with open_publisher(task_broker_url) as publisher:
        with pytest.raises(MessageForbiddenError, match=r"user\.exported"):
            await publisher.publish(DOMAIN_EVENTS, Letter(routing_key="user.exported"))
        assert publisher.lost.is_set()


async def test_among_several_the_forbidden_message_is_only_suspected(task_broker_url: str) -> None:
    keys = ["task.created.0", "user.exported", "task.created.1"]
    async with open_publisher(task_broker_url) as publisher:
        results = await asyncio.gather(
            *(publisher.publish(DOMAIN_EVENTS, Letter(key, routing_key=key)) for key in keys), return_exceptions=True
        )

    assert isinstance(results[1], MessagesSuspectedError)
    assert all(result is None or isinstance(result, BrokerAwayError) for result in results)


async def test_an_exchange_without_the_right_says_nothing_against_the_message(task_broker_url: str) -> None:
    async with open_publisher(task_broker_url) as publisher:
        with pytest.raises(BrokerAwayError, match="may not publish"):
            await publisher.publish(DELIVERIES, Letter())


async def test_no_confirm_in_time_means_that_the_broker_is_away(admin_broker_url: str) -> None:
    async with TcpProxy.to(admin_broker_url) as proxy, open_publisher(proxy.url) as publisher:
        proxy.stall()
        with pytest.raises(BrokerAwayError):
            await publisher.publish(EXCHANGE, Letter(), confirm_seconds=0.2)
        assert publisher.lost.is_set()


async def test_a_message_that_comes_back_in_the_turn_in_which_it_is_given_up_costs_no_channel(
    admin_broker_url: str,
) -> None:
    connection = await connect([admin_broker_url], "test")
    async with connection, asyncio.TaskGroup() as group:
        assert connection.transport is not None
        channel = await connection.transport.connection.channel(publisher_confirms=True, on_return_raises=True)
        assert isinstance(channel, Channel)

        def hand_back() -> None:
            header = ContentHeader(properties=Basic.Properties(message_id="letter-1"))
            for frame in (Basic.Return(312, "NO_ROUTE", EXCHANGE, "nowhere"), header):
                channel.frames.put_nowait((0, frame))

        async def give_up() -> None:
            with pytest.raises(TimeoutError):
                await ConfirmedSending(channel).send(b"", "letter-1", 0.01)

        given_up = group.create_task(give_up())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.005, hand_back)
        # Both are due when the loop comes to look at the time: the return first, and the one who waits after that.
        time.sleep(0.05)  # noqa: ASYNC251 (nothing else makes one turn of two)
        await given_up
        await channel.basic_qos(prefetch_count=1, timeout=DEADLINE_SECONDS)
        assert not channel.is_closed


async def test_headers_that_do_not_fit_a_frame_are_refused_and_the_next_message_goes(
    admin_broker_url: str, inbox: Inbox
) -> None:
    async with open_publisher(admin_broker_url) as publisher:
        with pytest.raises(MessageNotEncodableError, match="fit a frame"):
            await publisher.publish(EXCHANGE, Letter(), headers={"long": "x" * 131_072})
        await publisher.publish(EXCHANGE, Letter("letter-2"), headers={"long": "x" * 130_000})
        await inbox.until(lambda: inbox.ids == ["letter-2"])


async def test_the_first_address_that_answers_is_taken(admin_broker_url: str, inbox: Inbox) -> None:
    dead = "amqp://nobody:nothing@127.0.0.1:1/none"
    publisher = await Publisher.open(await connect([dead, admin_broker_url], "test"))
    await publisher.publish(EXCHANGE, Letter())
    await publisher.close()

    await inbox.until(lambda: inbox.ids == ["letter-1"])


async def test_no_address_that_answers_is_an_error_that_names_no_password(admin_broker_url: str) -> None:
    wrong = admin_broker_url.replace("a-password", "another-password")
    with pytest.raises(BrokerAwayError) as raised:
        await connect(["amqp://nobody:secret@127.0.0.1:1/none", wrong], "test")

    assert "127.0.0.1:1" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "another-password" not in str(raised.value)


async def test_a_link_fails_at_once_without_a_connection_and_comes_back_after_a_cut(
    admin_broker_url: str, inbox: Inbox
) -> None:
    async with TcpProxy.to(admin_broker_url) as proxy, running_link(proxy.url) as link:
        with pytest.raises(BrokerAwayError):
            await link.check()
        with pytest.raises(BrokerAwayError):
            await link.publish(EXCHANGE, Letter())

        await link.wait_until_writable(DEADLINE_SECONDS)
        await link.check()
        proxy.break_connections()
        with pytest.raises(BrokerAwayError):
            await link.publish(EXCHANGE, Letter("lost"))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while link.up.is_set():
                await asyncio.sleep(0)
        await link.wait_until_writable(DEADLINE_SECONDS)
        await link.publish(EXCHANGE, Letter("found"))

    await inbox.until(lambda: inbox.ids == ["found"])
