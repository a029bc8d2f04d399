"""PostgreSQL and RabbitMQ for the tests: private servers in a temporary folder, or existing ones.

`TEST_POSTGRES_URL` (a superuser's) and `TEST_RABBITMQ_URL` with `TEST_RABBITMQ_MANAGEMENT_URL` (an administrator's)
name existing servers. Each test gets a database copied from a migrated template, and a virtual host of its own with
the whole topology: 0.05 s and 0.1 s.
"""

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.topology import NOTIFICATION_WORKER, TASK_SERVICE, USERS, WS_GATEWAY
from infra.broker.definitions import ADMINISTRATOR, major_version, render, with_administrator, with_passwords
from infra.local.children import Children
from infra.local.databases import create_database, create_role, database_url, drop_database
from infra.local.postgres import start_postgres
from infra.local.rabbitmq import start_rabbitmq

_PASSWORD = "a-password-for-tests-only"
_HTTP_SECONDS = 30

Migrate = Callable[[str, str], None]
"""Brings the database of a service (its name, its URL) to the newest version."""


class ExistingServers(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TEST_")

    postgres_url: str | None = None
    rabbitmq_url: str | None = None
    rabbitmq_management_url: str | None = None


@dataclass
class Postgres:
    """`admin_url` is a superuser's, of the database `postgres`."""

    admin_url: str
    migrate: Migrate
    _run: str = field(default_factory=lambda: secrets.token_hex(3))
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _templates: dict[str, str] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[str]:
        """Give the URL, for the service's own role, of a fresh and migrated database."""
        async with self._lock:
            if service not in self._templates:
                self._templates[service] = await self._make_template(service)
        name = f"test_{self._run}_{next(self._numbers)}_{service}"
        async with self.administrator() as connection:
            await create_database(connection, name, owner=service, template=self._templates[service])
        try:
            yield self.url(service, name)
        finally:
            async with self.administrator() as connection:
                await drop_database(connection, name)

    def url(self, role: str, database: str) -> str:
        """Give the URL of a database for one of the services' roles."""
        return database_url(self.admin_url, role, _PASSWORD, database)

    @asynccontextmanager
    async def administrator(self) -> AsyncIterator[asyncpg.Connection]:
        """Open a superuser's connection."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            yield connection
        finally:
            await connection.close()

    async def drop_templates(self) -> None:
        """Drop what outlives the tests, on a server that outlives them."""
        async with self.administrator() as connection:
            for template in self._templates.values():
                await drop_database(connection, template)

    async def _make_template(self, service: str) -> str:
        name = f"test_{self._run}_template_{service}"
        async with self.administrator() as connection:
            async with connection.transaction():
                # Test processes that share a server must not make the role at the same moment.
                await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", service)
                await create_role(connection, service, _PASSWORD)
            await create_database(connection, name, owner=service)
        await asyncio.to_thread(self.migrate, service, self.url(service, name))
        return name


@dataclass(frozen=True)
class Vhost:
    """A virtual host with the whole topology. Each URL is of one user, with that user's rights."""

    name: str
    address: str

    def url(self, user: str) -> str:
        """Give the AMQP address for one user."""
        return f"amqp://{user}:{_PASSWORD}@{self.address}/{self.name}"

    @property
    def task_service(self) -> str:
        return self.url(TASK_SERVICE)

    @property
    def notification_worker(self) -> str:
        return self.url(NOTIFICATION_WORKER)

    @property
    def gateway(self) -> str:
        return self.url(WS_GATEWAY)

    @property
    def administrator(self) -> str:
        return self.url(ADMINISTRATOR)


@dataclass
class Broker:
    """`address` is host and port for AMQP; `management` speaks RabbitMQ's HTTP API as administrator."""

    address: str
    management: httpx.Client
    _run: str = field(default_factory=lambda: secrets.token_hex(3))
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def vhost(self) -> Iterator[Vhost]:
        """Make a virtual host with exchanges, queues, bindings and the users' rights; remove it afterwards."""
        vhost = Vhost(f"test-{self._run}-{next(self._numbers)}", self.address)
        version = self.management.get("/api/overview").json()["rabbitmq_version"]
        definitions = with_administrator(render(vhost.name, rabbitmq_major=major_version(version)))
        passwords = {user["name"]: _PASSWORD for user in definitions["users"]}
        loaded = self.management.post("/api/definitions", json=with_passwords(definitions, passwords))
        loaded.raise_for_status()
        try:
            yield vhost
        finally:
            self.management.delete(f"/api/vhosts/{vhost.name}").raise_for_status()

    def queue_depth(self, vhost: Vhost, queue: str) -> int:
        """Count a queue's messages, as RabbitMQ last counted them: some seconds ago, so poll."""
        answer = self.management.get(f"/api/queues/{vhost.name}/{queue}").raise_for_status().json()
        return int(answer.get("messages", 0))


@contextmanager
def running_postgres(children: Children, folder: Path, migrate: Migrate) -> Iterator[Postgres]:
    """Give the existing server, or start one that forgets its data with the machine."""
    existing = ExistingServers().postgres_url
    url = existing or start_postgres(children, folder, password=_PASSWORD, stage=0, durable=False).url
    postgres = Postgres(url, migrate)
    yield postgres
    if existing:
        asyncio.run(postgres.drop_templates())


@contextmanager
def running_broker(children: Children, folder: Path) -> Iterator[Broker]:
    """Give the existing broker, or start a node of our own."""
    existing = ExistingServers()
    if existing.rabbitmq_url:
        parts = urlsplit(existing.rabbitmq_url)
        address = parts.netloc.rpartition("@")[2]
        url = existing.rabbitmq_management_url or f"http://{parts.hostname}:15672"
        credentials = (parts.username or "guest", parts.password or "guest")
    else:
        passwords = dict.fromkeys((*(user.name for user in USERS), ADMINISTRATOR), _PASSWORD)
        node = start_rabbitmq(children, folder, passwords=passwords, stage=0, durable=False)
        address, url, credentials = node.address, node.management_url, (ADMINISTRATOR, _PASSWORD)
    with httpx.Client(base_url=url, auth=credentials, timeout=_HTTP_SECONDS, trust_env=False) as management:
        yield Broker(address, management)
