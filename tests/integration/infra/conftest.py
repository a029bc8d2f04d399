"""An empty database with the outbox tables, and a queue that takes what relays publish."""

import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from infra.database.engine import create_engine
from infra.local.databases import create_database, create_role, database_url, drop_database
from tests.integration.infra.relays import METADATA, Inbox, open_inbox
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
