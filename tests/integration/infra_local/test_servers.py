"""The private servers, as the tests use them."""

import errno
import socket
from urllib.parse import urlsplit

import asyncpg
import pytest

from infra.local.databases import (
    create_database,
    create_role,
    create_service_databases,
    database_url,
    drop_database,
)
from infra.local.errors import LaunchError
from tests.support.servers import Broker, Postgres


@pytest.fixture
def unmigrated(postgres: Postgres) -> Postgres:
    """The same server with templates that hold one table instead of a service's."""
    return Postgres(postgres.admin_url, lambda _service, _url: None)


async def test_each_database_starts_empty_and_belongs_to_its_service(unmigrated: Postgres) -> None:
    async with unmigrated.database("task_service") as first, unmigrated.database("task_service") as second:
        connection = await asyncpg.connect(first)
        await connection.execute("CREATE TABLE tasks (id int)")
        await connection.close()
        connection = await asyncpg.connect(second)
        assert await connection.fetchval("SELECT to_regclass('tasks')") is None
        assert await connection.fetchval("SELECT current_user") == "task_service"
        await connection.close()
    await unmigrated.drop_templates()


async def test_database_refuses_the_other_service(unmigrated: Postgres) -> None:
    async with unmigrated.database("task_service") as url, unmigrated.database("notification_worker"):
        foreign = unmigrated.url("notification_worker", url.rpartition("/")[2])
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(foreign)
    await unmigrated.drop_templates()


async def test_server_refuses_a_wrong_password(unmigrated: Postgres) -> None:
    async with unmigrated.database("task_service") as url:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(url.replace("a-password", "another-password"))
    await unmigrated.drop_templates()


async def test_role_and_database_are_made_once_and_the_password_replaced(postgres: Postgres) -> None:
    async with postgres.administrator() as connection:
        await create_role(connection, "taskify_maker", "first password")
        await create_role(connection, "taskify_maker", "second 'password'")
        assert await create_database(connection, "taskify_made", owner="taskify_maker")
        assert not await create_database(connection, "taskify_made", owner="taskify_maker")
        url = database_url(postgres.admin_url, "taskify_maker", "second 'password'", "taskify_made")
        await (await asyncpg.connect(url)).close()
        await drop_database(connection, "taskify_made")
        await connection.execute("DROP ROLE taskify_maker")


async def test_administrator_that_cannot_log_in_is_told_so(postgres: Postgres) -> None:
    with pytest.raises(LaunchError, match="does not let us in"):
        await create_service_databases(postgres.admin_url.replace("a-password", "no-password"), {})


def test_servers_listen_on_the_loopback_address_only(postgres: Postgres, broker: Broker) -> None:
    addresses = (postgres.admin_url, f"amqp://{broker.address}", str(broker.management.base_url))
    for port in (urlsplit(address).port for address in addresses):
        assert port is not None
        with socket.socket() as allowed, socket.socket() as refused:
            assert allowed.connect_ex(("127.0.0.1", port)) == 0
            # Any other address of this machine would do; this one every machine has.
            assert refused.connect_ex(("127.0.0.2", port)) == errno.ECONNREFUSED
