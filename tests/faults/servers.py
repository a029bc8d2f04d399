"""PostgreSQL and RabbitMQ that keep their data, can be killed and come back, and what an operator does to them."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg
import httpx

from contracts.topology import USERS
from infra.broker.definitions import ADMINISTRATOR, VHOST
from infra.local.children import Children, all_children
from infra.local.databases import SERVICE_ROLES, create_service_databases
from infra.local.leftovers import Started, running
from infra.local.ports import is_free
from infra.local.postgres import start_postgres
from infra.local.rabbitmq import NODE, RabbitNode, find_rabbitmq, start_rabbitmq
from tests.faults.cluster import Cluster

PASSWORD = "a-password-for-faults-only"
_STAGE = 0
_HTTP_SECONDS = 60
_COMMAND_SECONDS = 300
_DEATH_SECONDS = 60.0

Result = TypeVar("Result")


class Servers:
    """`postgres_port` and `broker_port` change with each start; links ask for them."""

    def __init__(
        self, home: Path, children: Children, thread: ThreadPoolExecutor, metrics_port: int | None = None
    ) -> None:
        self._home = home
        self._children = children
        # One thread that lives as long as we do: the kernel kills a child when the thread that started it ends.
        self._thread = thread
        self._metrics_port = metrics_port
        self._node: RabbitNode | None = None
        self._cluster: Cluster | None = None
        self._postgres_url = ""

    @classmethod
    @asynccontextmanager
    async def started(
        cls, home: Path, *, clustered: bool = False, metrics_port: int | None = None
    ) -> AsyncIterator["Servers"]:
        """Start both; a broker of one node answers Prometheus on the `metrics_port`."""
        home.mkdir(parents=True, exist_ok=True)
        # As root, PostgreSQL runs as a user of its own, which has to pass here.
        home.chmod(0o755)
        with ThreadPoolExecutor(1) as thread, all_children(home) as children:
            servers = cls(home, children, thread, metrics_port)
            await servers.start_postgres()
            await create_service_databases(servers._postgres_url, dict.fromkeys(SERVICE_ROLES, PASSWORD))
            if clustered:
                servers._cluster = Cluster(children, home, PASSWORD)
                await servers.elsewhere(servers._cluster.start)
            else:
                await servers.start_broker()
            yield servers

    @property
    def postgres_port(self) -> int:
        return urlsplit(self._postgres_url).port or 0

    @property
    def cluster(self) -> Cluster:
        """The broker of three nodes, if it is one."""
        assert self._cluster is not None
        return self._cluster

    @property
    def broker_ports(self) -> list[int]:
        """The ports of all nodes of the broker."""
        if self._cluster is not None:
            return [node.amqp for node in self._cluster.nodes]
        return [0 if self._node is None else self._node.amqp_port]

    def database_url(self, role: str, port: int) -> str:
        return f"postgresql://{role}:{PASSWORD}@127.0.0.1:{port}/{role}"

    def broker_url(self, user: str = ADMINISTRATOR, ports: Sequence[int] = ()) -> str:
        """Give the addresses of some nodes; without any, one that takes connections now."""
        if not ports:
            ports = [next((port for port in self.broker_ports if not is_free("127.0.0.1", port)), self.broker_ports[0])]
        return ",".join(f"amqp://{user}:{PASSWORD}@127.0.0.1:{port}/{VHOST}" for port in ports)

    async def start_postgres(self) -> None:
        start = lambda: start_postgres(self._children, self._home / "postgres", password=PASSWORD, stage=_STAGE)  # noqa: E731 (run elsewhere)
        self._postgres_url = (await self.elsewhere(start)).url

    async def start_broker(self) -> None:
        passwords = dict.fromkeys((*(user.name for user in USERS), ADMINISTRATOR), PASSWORD)
        folder = self._home / "rabbitmq"
        # Not asked to stop at the end, which takes seconds: it is killed often enough.
        start = lambda: start_rabbitmq(  # noqa: E731 (see above)
            self._children, folder, passwords=passwords, stage=_STAGE, durable=False, metrics_port=self._metrics_port
        )
        self._node = await self.elsewhere(start)

    async def kill_postgres(self) -> None:
        """Stop it as `pg_ctl stop -m immediate` does: nothing is finished, nothing written."""
        await self._end("postgres", signal.SIGQUIT)

    async def kill_broker(self) -> None:
        await self._end("rabbitmq", signal.SIGKILL)
        await self._end("epmd", signal.SIGKILL)

    def signal_all(self, name: str, number: signal.Signals) -> None:
        """Send a signal to `postgres` or `rabbitmq`, and to the processes that it has started."""
        pid = self._started(name).pid
        for each in (pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())):
            with suppress(ProcessLookupError):
                os.kill(each, number)

    @asynccontextmanager
    async def administrator(self, database: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
        """Open a superuser's connection."""
        connection = await asyncpg.connect(self._postgres_url, database=database, timeout=_HTTP_SECONDS)
        try:
            yield connection
        finally:
            await connection.close(timeout=_HTTP_SECONDS)

    @asynccontextmanager
    async def management(self) -> AsyncIterator[httpx.AsyncClient]:
        """Speak RabbitMQ's HTTP API."""
        urls = [node.management_url for node in self._cluster.nodes] if self._cluster is not None else []
        urls += [self._node.management_url] if self._node is not None else []
        async with httpx.AsyncClient(
            base_url=urls[0], auth=(ADMINISTRATOR, PASSWORD), timeout=_HTTP_SECONDS, trust_env=False
        ) as client:
            yield client

    async def queues(self) -> dict[str, dict[str, Any]]:
        async with self.management() as client:
            answer = (await client.get(f"/api/queues/{VHOST}")).raise_for_status()
        return {queue["name"]: queue for queue in answer.json()}

    async def rabbitmqctl(self, *words: str) -> None:
        """Say something to the node that its HTTP API has no word for."""
        scripts = find_rabbitmq()
        assert scripts is not None
        environment = Path(f"/proc/{self._started('rabbitmq').pid}/environ").read_bytes().decode().split("\0")
        own = dict(variable.split("=", 1) for variable in environment if "=" in variable)
        command = [str(scripts / "rabbitmqctl"), "--node", NODE, *words]
        await asyncio.to_thread(
            subprocess.run, command, env=own, check=True, capture_output=True, timeout=_COMMAND_SECONDS
        )

    def _started(self, name: str) -> Started:
        return next(entry for entry in running(self._home) if entry.name == name)

    async def _end(self, name: str, number: signal.Signals) -> None:
        entry = self._started(name)
        os.kill(entry.pid, number)
        async with asyncio.timeout(_DEATH_SECONDS):
            while entry.running:
                await asyncio.sleep(0.02)

    async def elsewhere(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
