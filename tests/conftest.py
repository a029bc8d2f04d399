"""Servers and addresses for all tests; nothing is started before a test asks for it."""

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from infra.local.children import Children, all_children
from tests.support.servers import Broker, Postgres, Vhost, running_broker, running_postgres

MakeDatabase = Callable[[str], Awaitable[str]]

# How long an example takes says how busy the machine is.
settings.register_profile("taskify", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("taskify")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_person_at_the_machine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("TASKIFY_")]:  # noqa: TID251 (removed, not read)
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="taskify-tests-") as name:
        folder = Path(name)
        # As root, PostgreSQL runs as a user of its own, which has to pass here.
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def servers(server_folder: Path) -> Iterator[Children]:
    """The servers of this session; they are stopped at its end, and by the kernel if we are killed."""
    with all_children(server_folder) as children:
        yield children


@pytest.fixture(scope="session")
def postgres(servers: Children, server_folder: Path) -> Iterator[Postgres]:
    def migrate(service: str, url: str) -> None:
        from infra.database.migrations import upgrade  # noqa: PLC0415 (only tests with a database need alembic)

        upgrade(service, url)

    with running_postgres(servers, server_folder / "postgres", migrate) as running:
        yield running


@pytest.fixture(scope="session")
def broker(servers: Children, server_folder: Path) -> Iterator[Broker]:
    with running_broker(servers, server_folder / "rabbitmq") as running:
        yield running


@pytest.fixture
async def make_database(postgres: Postgres) -> AsyncIterator[MakeDatabase]:
    """Gives a function that makes a migrated database of a service: `await make_database("task_service")` → URL."""
    async with AsyncExitStack() as databases:

        async def make(service: str) -> str:
            return await databases.enter_async_context(postgres.database(service))

        yield make


@pytest.fixture
async def task_database_url(make_database: MakeDatabase) -> str:
    return await make_database("task_service")


@pytest.fixture
async def notification_database_url(make_database: MakeDatabase) -> str:
    return await make_database("notification_worker")


@pytest.fixture
def broker_vhost(broker: Broker) -> Iterator[Vhost]:
    """A virtual host for this test, with the whole topology and the users' rights."""
    with broker.vhost() as vhost:
        yield vhost


@pytest.fixture
def task_broker_url(broker_vhost: Vhost) -> str:
    return broker_vhost.task_service


@pytest.fixture
def notification_broker_url(broker_vhost: Vhost) -> str:
    return broker_vhost.notification_worker


@pytest.fixture
def gateway_broker_url(broker_vhost: Vhost) -> str:
    return broker_vhost.gateway


@pytest.fixture
def admin_broker_url(broker_vhost: Vhost) -> str:
    return broker_vhost.administrator
