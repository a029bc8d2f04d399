import asyncio
from collections.abc import Iterator
from urllib.parse import quote

import aio_pika
import pytest

from contracts.topology import TASK_SERVICE, USERS
from infra.broker.definitions import ADMINISTRATOR
from infra.local.errors import LaunchError
from infra.local.existing_broker import set_up_broker
from tests.support.servers import Broker, Vhost

_VHOST = "someone's own/vhost"


@pytest.fixture
def passwords(broker_vhost: Vhost) -> dict[str, str]:
    """The passwords that the test node's users have already: the setting of them must not disturb other tests."""
    password = broker_vhost.task_service.split(":")[2].split("@")[0]
    return {user.name: password for user in USERS}


@pytest.fixture
def administrator_url(broker: Broker, broker_vhost: Vhost) -> Iterator[str]:
    credentials = broker_vhost.url(ADMINISTRATOR).rpartition("@")[0]
    yield f"{credentials}@{broker.address}/{quote(_VHOST, safe='')}"
    broker.management.delete(f"/api/vhosts/{quote(_VHOST, safe='')}").raise_for_status()


async def test_existing_broker_gets_users_rights_and_topology_again_and_again(
    broker: Broker, administrator_url: str, passwords: dict[str, str]
) -> None:
    arguments = (administrator_url, str(broker.management.base_url), passwords)
    urls = await asyncio.to_thread(set_up_broker, *arguments)
    assert await asyncio.to_thread(set_up_broker, *arguments) == urls
    assert urls.keys() == passwords.keys()
    async with await aio_pika.connect(urls[TASK_SERVICE]) as connection:
        channel = await connection.channel(on_return_raises=True)
        exchange = await channel.get_exchange("domain.events", ensure=False)
        await exchange.publish(aio_pika.Message(b"{}"), "task.assigned.3", timeout=10)


def test_second_address_is_tried_when_the_first_does_not_answer(
    broker: Broker, administrator_url: str, passwords: dict[str, str]
) -> None:
    dead = administrator_url.replace(broker.address, "127.0.0.1:1")
    urls = set_up_broker(f"{dead}, {administrator_url}", str(broker.management.base_url), passwords)
    first, second = urls[TASK_SERVICE].split(",")
    assert "@127.0.0.1:1/" in first
    assert f"@{broker.address}/" in second


def test_management_that_does_not_answer_is_named_with_its_variable(passwords: dict[str, str]) -> None:
    with pytest.raises(LaunchError, match="TASKIFY_RABBITMQ_MANAGEMENT_URL"):
        set_up_broker("amqp://guest:guest@127.0.0.1:1/taskify", "http://127.0.0.1:1", passwords)


def test_wrong_administrator_is_said(broker: Broker, broker_vhost: Vhost, passwords: dict[str, str]) -> None:
    wrong = broker_vhost.administrator.replace(ADMINISTRATOR, "nobody")
    with pytest.raises(LaunchError, match=r"refused \(401\)"):
        set_up_broker(wrong, str(broker.management.base_url), passwords)
