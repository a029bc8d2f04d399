"""An empty database with the outbox tables, a queue that takes what relays publish, a broker to be left short."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from infra.database.engine import create_engine
from infra.local.children import all_children
from infra.local.databases import create_database, create_role, database_url, drop_database
from tests.integration.infra.relays import METADATA, Inbox, open_inbox
from tests.integration.infra.short_broker import ShortBroker, started_broker
from tests.support.servers import Postgres

ROLE = "outbox_test"
PASSWORD = "a-password-for-tests-only"


@pytest.fixture
async def outbox_url(postgres: Postgres) -> AsyncIterator[str]:
    name = f"outbox_test_{secrets.token_hex(4)}"
    async with postgres.administrator() as administrator:
        async with administrator.transaction():
            # Test processes that share a server must not make the role at the same moment.
            await administrator.execute("SELECT pg_advisory_xact_lock(hashtext($1))", ROLE)
            await create_role(administrator, ROLE, PASSWORD)
        await create_database(administrator, name, owner=ROLE)
    url = database_url(postgres.admin_url, ROLE, PASSWORD, name)
    engine = create_engine(url, application_name="tests")
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await engine.dispose()
    yield url
    async with postgres.administrator() as administrator:
        await drop_database(administrator, name)


@pytest.fixture
async def database(outbox_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(outbox_url)
    yield connection
    await connection.close()


@pytest.fixture
async def inbox(admin_broker_url: str) -> AsyncIterator[Inbox]:
    async with open_inbox(admin_broker_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def short_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShortBroker]:
    """A broker of its own: an alarm blocks all who publish, whatever their virtual host."""
    folder: Path = tmp_path_factory.mktemp("short-broker")
    with all_children(folder) as children:
        yield started_broker(children, folder)
