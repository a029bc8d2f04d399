import base64
import hashlib

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import AMQPException

from contracts.topology import (
    BINDINGS,
    DEAD_LETTERS,
    DELIVERIES,
    DOMAIN_EVENTS,
    EXCHANGES,
    NOTIFICATION_WORKER,
    QUEUES,
    TASK_SERVICE,
    USERS,
    WORKER_REQUESTS,
    WS_GATEWAY,
    task_events_queue,
)
from infra.broker.definitions import FILE, apply_topology, password_hash, render, text, with_passwords
from tests.support.servers import Broker, Vhost

REFUSED = (AMQPException, ConnectionError)


def test_checked_in_definitions_are_what_the_topology_says() -> None:
    assert FILE.read_text() == text(render())


def test_checked_in_definitions_hold_no_password() -> None:
    assert "password" not in FILE.read_text()


def test_private_definitions_hold_salted_hashes() -> None:
    loadable = with_passwords(render(), {user.name: "swordfish" for user in USERS})
    stored = base64.b64decode(loadable["users"][0]["password_hash"])
    assert stored[4:] == hashlib.sha256(stored[:4] + b"swordfish").digest()
    assert "swordfish" not in text(loadable)


def test_password_hash_is_the_one_of_rabbitmqs_documentation() -> None:
    assert password_hash("test12", bytes.fromhex("908DC60A")) == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"


def test_delivery_limit_is_lifted_only_where_rabbitmq_has_one() -> None:
    assert render(rabbitmq_major=3)["policies"] == []
    (policy,) = render(rabbitmq_major=4)["policies"]
    assert policy["definition"] == {"delivery-limit": -1}


def test_broker_holds_the_whole_topology(broker: Broker, broker_vhost: Vhost) -> None:
    def listed(kind: str) -> list[dict[str, object]]:
        answer: list[dict[str, object]] = broker.management.get(f"/api/{kind}/{broker_vhost.name}").json()
        return answer

    assert {(queue["name"], str(queue["arguments"])) for queue in listed("queues")} >= {
        (queue.name, str(dict(sorted(queue.arguments.items())))) for queue in QUEUES
    }
    assert {exchange["name"] for exchange in listed("exchanges")} >= {exchange.name for exchange in EXCHANGES}
    bound = {(binding["source"], binding["destination"], binding["routing_key"]) for binding in listed("bindings")}
    assert bound >= {(binding.exchange, binding.queue, binding.routing_key) for binding in BINDINGS}


async def test_topology_can_be_applied_again_over_amqp(admin_broker_url: str) -> None:
    await apply_topology(admin_broker_url)
    await apply_topology(admin_broker_url)


async def publish(url: str, exchange: str, routing_key: str) -> None:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel(on_return_raises=True)
        target = await channel.get_exchange(exchange, ensure=False)
        await target.publish(aio_pika.Message(b"{}", message_id="1"), routing_key, timeout=10)


async def ignore(_: AbstractIncomingMessage) -> None:
    """Take a message and leave it unacknowledged."""


async def read(url: str, queue: str) -> None:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=1)
        source = await channel.get_queue(queue, ensure=False)
        await source.consume(ignore, timeout=10)


MAY_PUBLISH = [
    (TASK_SERVICE, DOMAIN_EVENTS, "task.assigned.3"),
    (TASK_SERVICE, DOMAIN_EVENTS, "user.erased"),
    (TASK_SERVICE, DOMAIN_EVENTS, "session.ended"),
    (NOTIFICATION_WORKER, DELIVERIES, ""),
    (NOTIFICATION_WORKER, DEAD_LETTERS, NOTIFICATION_WORKER),
]

MAY_NOT_PUBLISH = [
    (TASK_SERVICE, DOMAIN_EVENTS, "notification.requested"),
    (TASK_SERVICE, DELIVERIES, ""),
    (TASK_SERVICE, DEAD_LETTERS, NOTIFICATION_WORKER),
    (NOTIFICATION_WORKER, DOMAIN_EVENTS, "user.erased"),
    (WS_GATEWAY, DOMAIN_EVENTS, "task.assigned.3"),
    (WS_GATEWAY, DELIVERIES, ""),
]


@pytest.mark.parametrize(("user", "exchange", "routing_key"), MAY_PUBLISH)
async def test_service_may_publish_what_it_says(
    broker_vhost: Vhost, user: str, exchange: str, routing_key: str
) -> None:
    await publish(broker_vhost.url(user), exchange, routing_key)


@pytest.mark.parametrize(("user", "exchange", "routing_key"), MAY_NOT_PUBLISH)
async def test_service_may_not_publish_what_others_say(
    broker_vhost: Vhost, user: str, exchange: str, routing_key: str
) -> None:
    with pytest.raises(REFUSED, match="ACCESS_REFUSED"):
        await publish(broker_vhost.url(user), exchange, routing_key)


@pytest.mark.parametrize(
    ("user", "queue"),
    [(NOTIFICATION_WORKER, task_events_queue(0)), (NOTIFICATION_WORKER, WORKER_REQUESTS), (WS_GATEWAY, DELIVERIES)],
)
async def test_service_may_read_its_queue(broker_vhost: Vhost, user: str, queue: str) -> None:
    await read(broker_vhost.url(user), queue)


@pytest.mark.parametrize(
    ("user", "queue"),
    [(TASK_SERVICE, task_events_queue(0)), (NOTIFICATION_WORKER, DELIVERIES), (WS_GATEWAY, task_events_queue(0))],
)
async def test_service_may_not_read_foreign_queues(broker_vhost: Vhost, user: str, queue: str) -> None:
    with pytest.raises(REFUSED, match="ACCESS_REFUSED"):
        await read(broker_vhost.url(user), queue)


@pytest.mark.parametrize("user", [TASK_SERVICE, NOTIFICATION_WORKER, WS_GATEWAY])
async def test_service_may_not_declare_queues(broker_vhost: Vhost, user: str) -> None:
    connection = await aio_pika.connect(broker_vhost.url(user))
    async with connection:
        channel = await connection.channel()
        with pytest.raises(REFUSED, match="ACCESS_REFUSED"):
            await channel.declare_queue("notification-worker.mine", durable=True)
