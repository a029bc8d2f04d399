"""What each broker user may do, tried: its own work, and everything else, which the broker refuses."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import AMQPException, ChannelPreconditionFailed
from aiormq.exceptions import ChannelAccessRefused

from contracts.events import ANSWERS, EVENTS, AnyEvent
from contracts.topology import (
    DEAD_LETTERS,
    DELIVERIES,
    DOMAIN_EVENTS,
    EXCHANGES,
    NOTIFICATION_WORKER,
    QUEUES,
    REQUESTS,
    TASK_SERVICE,
    TASK_SERVICE_USER_EVENTS,
    UNROUTED,
    USERS,
    WS_GATEWAY,
    user_of_another_service,
)
from infra.broker.definitions import FILE, rights, with_passwords
from tests.support.servers import Broker, Vhost

BILLING = "billing"
USER_NAMES = [*(user.name for user in USERS), BILLING]

SECONDS = 60


@pytest.fixture
def urls(broker: Broker, broker_vhost: Vhost) -> dict[str, str]:
    """The address for each user of ours, and for a service called billing that an operator has let in."""
    password = urlsplit(broker_vhost.task_service).password or ""
    another = {
        "users": [{"name": BILLING, "tags": []}],
        **rights(broker_vhost.name, users=(user_of_another_service(BILLING),)),
    }
    loaded = broker.management.post("/api/definitions", json=with_passwords(another, {BILLING: password}))
    loaded.raise_for_status()
    return {name: broker_vhost.url(name) for name in USER_NAMES}


@asynccontextmanager
async def channel_of(url: str) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(url) as connection:
        yield await connection.channel(on_return_raises=True)


async def publish(url: str, exchange: str, routing_key: str, *, user_id: str | None = None) -> None:
    async with channel_of(url) as channel:
        target = await channel.get_exchange(exchange, ensure=False)
        message = aio_pika.Message(b"{}", message_id="1", user_id=user_id)
        await target.publish(message, routing_key, mandatory=False, timeout=SECONDS)


def routing_keys(event: type[AnyEvent]) -> str:
    return f"{event.routing_key}.3" if event.routing_key.startswith("task.") else event.routing_key


# The exchange of the dead letters is no topic exchange: the broker looks at no key there.
_DEAD_LETTERS = {(DEAD_LETTERS, NOTIFICATION_WORKER), (DEAD_LETTERS, TASK_SERVICE)}
OWN = {
    TASK_SERVICE: {
        *(
            (DOMAIN_EVENTS, routing_keys(event))
            for event in EVENTS
            if event not in ANSWERS and event.routing_key != REQUESTS
        ),
        *_DEAD_LETTERS,
    },
    NOTIFICATION_WORKER: {
        *((DOMAIN_EVENTS, event.routing_key) for event in ANSWERS),
        (DELIVERIES, ""),
        *_DEAD_LETTERS,
    },
    WS_GATEWAY: set(),
    BILLING: {
        (DOMAIN_EVENTS, REQUESTS),
        (DOMAIN_EVENTS, f"{BILLING}.{REQUESTS}"),
        (DOMAIN_EVENTS, f"{BILLING}.invoice.paid"),
    },
}
EVERYTHING = {
    *(target for own in OWN.values() for target in own),
    (DOMAIN_EVENTS, f"search.{REQUESTS}"),
    (DOMAIN_EVENTS, "billings.invoice.paid"),
    (DOMAIN_EVENTS, "billing"),
    (DOMAIN_EVENTS, "search.document.found"),
    (DOMAIN_EVENTS, "task"),
    (DOMAIN_EVENTS, "user.promoted"),
    (DOMAIN_EVENTS, "#"),
    (DOMAIN_EVENTS, ""),
    (UNROUTED, ""),
    ("", queue := QUEUES[0].name),
    ("amq.topic", "task.created.0"),
    ("amq.direct", queue),
    ("amq.fanout", ""),
}


def publishes(*, allowed: bool) -> Iterator[tuple[str, str, str]]:
    for user in USER_NAMES:
        for exchange, routing_key in sorted(EVERYTHING):
            if ((exchange, routing_key) in OWN[user]) is allowed:
                yield user, exchange, routing_key


async def test_every_user_may_publish_what_is_its_own(urls: dict[str, str]) -> None:
    for user, exchange, routing_key in publishes(allowed=True):
        await publish(urls[user], exchange, routing_key, user_id=user)


async def test_no_user_may_publish_anything_else(urls: dict[str, str]) -> None:
    tried = list(publishes(allowed=False))
    assert len(tried) > 80
    allowed = []
    for user, exchange, routing_key in tried:
        try:
            await publish(urls[user], exchange, routing_key)
        except ChannelAccessRefused:
            continue
        allowed.append((user, exchange, routing_key))
    assert allowed == []


@pytest.mark.parametrize("user", [TASK_SERVICE, NOTIFICATION_WORKER, BILLING])
async def test_no_user_may_send_in_the_name_of_another(urls: dict[str, str], user: str) -> None:
    exchange, routing_key = min(OWN[user])
    for another in {*USER_NAMES, "nobody"} - {user}:
        with pytest.raises(ChannelPreconditionFailed, match="user_id"):
            await publish(urls[user], exchange, routing_key, user_id=another)


async def ignore(_: AbstractIncomingMessage) -> None:
    """Take a message and leave it unacknowledged."""


READS = {
    TASK_SERVICE: {TASK_SERVICE_USER_EVENTS},
    NOTIFICATION_WORKER: {UNROUTED, *(queue.name for queue in QUEUES if queue.name.startswith("notification-worker."))},
    WS_GATEWAY: {DELIVERIES},
}


async def test_every_user_may_read_its_queues_and_no_others(urls: dict[str, str]) -> None:
    for user in USER_NAMES:
        readable = set()
        for queue in QUEUES:
            async with channel_of(urls[user]) as channel:
                await channel.set_qos(prefetch_count=1)
                try:
                    await (await channel.get_queue(queue.name, ensure=False)).consume(ignore, timeout=SECONDS)
                except ChannelAccessRefused:
                    continue
                readable.add(queue.name)
        assert readable == READS.get(user, set()), user


@pytest.mark.parametrize("user", USER_NAMES)
async def test_no_user_may_declare_bind_unbind_purge_or_delete(urls: dict[str, str], user: str) -> None:
    own = min(READS.get(user, {QUEUES[0].name}))

    async def declare_queue(channel: AbstractChannel) -> None:
        await channel.declare_queue(f"{user}.mine", durable=True, timeout=SECONDS)

    async def declare_nameless_queue(channel: AbstractChannel) -> None:
        await channel.declare_queue(exclusive=True, timeout=SECONDS)

    async def declare_exchange(channel: AbstractChannel) -> None:
        await channel.declare_exchange(f"{user}.mine", timeout=SECONDS)

    async def bind(channel: AbstractChannel) -> None:
        await (await channel.get_queue(own, ensure=False)).bind(DOMAIN_EVENTS, "#", timeout=SECONDS)

    async def bind_exchange(channel: AbstractChannel) -> None:
        exchange = await channel.get_exchange(DELIVERIES, ensure=False)
        await exchange.bind(DOMAIN_EVENTS, "#", timeout=SECONDS)

    async def unbind(channel: AbstractChannel) -> None:
        await (await channel.get_queue(own, ensure=False)).unbind(DOMAIN_EVENTS, REQUESTS, timeout=SECONDS)

    async def delete_queue(channel: AbstractChannel) -> None:
        await channel.queue_delete(own, timeout=SECONDS)

    async def delete_exchange(channel: AbstractChannel) -> None:
        await channel.exchange_delete(DOMAIN_EVENTS, timeout=SECONDS)

    tries = (declare_queue, declare_nameless_queue, declare_exchange, bind, bind_exchange, unbind)
    for attempt in (*tries, delete_queue, delete_exchange):
        async with channel_of(urls[user]) as channel:
            with pytest.raises(ChannelAccessRefused):
                await attempt(channel)


@pytest.mark.parametrize("user", [name for name in USER_NAMES if name != NOTIFICATION_WORKER])
async def test_only_who_reads_a_queue_may_empty_it(urls: dict[str, str], user: str) -> None:
    for queue in QUEUES:
        if queue.name in READS.get(user, set()):
            continue
        async with channel_of(urls[user]) as channel:
            with pytest.raises(ChannelAccessRefused):
                await (await channel.get_queue(queue.name, ensure=False)).purge(timeout=SECONDS)


@pytest.mark.parametrize("user", USER_NAMES)
async def test_no_user_may_enter_another_virtual_host(urls: dict[str, str], user: str) -> None:
    address, _, _ = urls[user].rpartition("/")

    with pytest.raises((AMQPException, ConnectionError)):
        await aio_pika.connect(f"{address}/%2F", timeout=SECONDS)


def test_the_definitions_name_users_and_rights_and_hold_no_password() -> None:
    definitions = json.loads(FILE.read_text())

    assert definitions["users"] == [{"name": user.name, "tags": []} for user in USERS]
    assert "password" not in FILE.read_text()
    assert {right["configure"] for right in definitions["permissions"]} == {"^$"}
    assert {exchange["name"] for exchange in definitions["exchanges"]} == {exchange.name for exchange in EXCHANGES}
