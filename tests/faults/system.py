"""The whole product as processes, with a link between any two parts, and addresses for people."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from contracts.topology import NOTIFICATION_WORKER, TASK_SERVICE, WS_GATEWAY
from infra.local.ports import free_ports
from infra.local.settings import REPOSITORY
from tests.faults.links import Link
from tests.faults.parts import START_SECONDS, Part, Watch
from tests.faults.servers import Servers
from tests.faults.tampered import SABOTAGES, command

_PORTS = 85
_ACCESS_TOKEN_LIFE = "PT15M"


@dataclass(frozen=True)
class Kind:
    """`needs` are the servers that it speaks to; `user` is its user at the broker."""

    name: str
    command: tuple[str, ...]
    port_variable: str
    count: int
    needs: tuple[str, ...]
    user: str = ""


KINDS = (
    Kind("task-api", ("task_service", "api"), "TASKIFY_API_PORT", 1, ("postgres",)),
    Kind("task-relay", ("task_service", "relay"), "TASKIFY_TASK_RELAY_PORT", 2, ("postgres", "broker"), TASK_SERVICE),
    Kind(
        "worker",
        ("notification_worker", "worker"),
        "TASKIFY_WORKER_PORT",
        3,
        ("postgres", "broker"),
        NOTIFICATION_WORKER,
    ),
    Kind(
        "notification-api",
        ("notification_worker", "api"),
        "TASKIFY_NOTIFICATIONS_PORT",
        2,
        ("postgres", "task-api"),
    ),
    Kind(
        "notification-relay",
        ("notification_worker", "relay"),
        "TASKIFY_NOTIFICATION_RELAY_PORT",
        2,
        ("postgres", "broker"),
        NOTIFICATION_WORKER,
    ),
    Kind("gateway", ("ws_gateway",), "TASKIFY_SOCKET_PORT", 3, ("broker", "task-api"), WS_GATEWAY),
)


@dataclass
class System:
    servers: Servers
    parts: list[Part]
    links: list[Link]
    watch: Watch
    http: httpx.AsyncClient
    api: str
    notifications: str
    socket: str

    @classmethod
    @asynccontextmanager
    async def started(
        cls, home: Path, *, sabotage: str | None = None, clustered: bool = False, metrics_port: int | None = None
    ) -> AsyncIterator["System"]:
        """Start everything, and let one kind of process break a promise if that is asked for.

        The broker answers Prometheus on the `metrics_port`, if there is one.
        """
        async with AsyncExitStack() as stack:
            servers = await stack.enter_async_context(
                Servers.started(home, clustered=clustered, metrics_port=metrics_port)
            )
            for service, role in (("task_service", "TASK"), ("notification_worker", "NOTIFICATION")):
                url = servers.database_url(service, servers.postgres_port)
                await asyncio.to_thread(
                    _migrate, service, {f"TASKIFY_{role}_DATABASE_URL": url, "TASKIFY_HOME": str(home)}
                )
            builder = _Builder(home, servers, stack, sabotage)
            system = await builder.build()
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(system.watch.run())
                for part in system.parts:
                    group.create_task(part.supervise())
                try:
                    for part in system.parts:
                        await part.until_ready(system.http, seconds=START_SECONDS)
                    yield system
                finally:
                    watching.cancel()
                    await asyncio.gather(*(part.stop() for part in system.parts))

    def of(self, kind: str) -> list[Part]:
        return [part for part in self.parts if part.kind == kind]

    async def until_ready(self) -> None:
        for part in self.parts:
            await part.until_ready(self.http)


class _Builder:
    def __init__(self, home: Path, servers: Servers, stack: AsyncExitStack, sabotage: str | None) -> None:
        self._home = home
        self._servers = servers
        self._stack = stack
        self._sabotage = sabotage
        self._ports = iter(free_ports(_PORTS))
        self._links: list[Link] = []

    async def build(self) -> System:
        own = {f"{kind.name}-{number}": next(self._ports) for kind in KINDS for number in range(1, kind.count + 1)}
        parts: list[Part] = []
        watch_of: list[Watch] = []
        api = await self._link("people - task-api", lambda: [own["task-api-1"]])
        notifications = await self._link("people - notification-api", lambda: watch_of[0].ports("notification-api"))
        socket = await self._link("people - gateway", lambda: watch_of[0].ports("gateway"))
        public = {
            "TASKIFY_PUBLIC_API_URL": f"http://127.0.0.1:{api.port}",
            "TASKIFY_PUBLIC_NOTIFICATIONS_URL": f"http://127.0.0.1:{notifications.port}",
            "TASKIFY_PUBLIC_SOCKET_URL": f"ws://127.0.0.1:{socket.port}/ws",
            "TASKIFY_ALLOWED_ORIGINS": json.dumps([f"http://127.0.0.1:{api.port}"]),
            "TASKIFY_SIGNING_KEYS": str(self._home / "signing-keys"),
            "TASKIFY_ACCESS_TOKEN_LIFE": _ACCESS_TOKEN_LIFE,
            "TASKIFY_HOME": str(self._home / "no-settings-here"),
        }
        logs = self._home / "logs"
        logs.mkdir(exist_ok=True)
        for kind in KINDS:
            for number in range(1, kind.count + 1):
                name = f"{kind.name}-{number}"
                addresses = {server: await self._to(name, server, own) for server in kind.needs}
                # Each begins with another node.
                turn = number % len(addresses.get("broker", [0]))
                addresses = {server: ports[turn:] + ports[:turn] for server, ports in addresses.items()}
                environment = {**public, kind.port_variable: str(own[name]), **self._urls(kind, addresses)}
                own_command = self._command(kind)
                parts.append(Part(name, kind.name, own_command, own[name], environment, logs / f"{name}.log"))
        watch_of.append(Watch([part for part in parts if part.kind in {"notification-api", "gateway"}]))
        http = await self._stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        return System(
            self._servers,
            parts,
            self._links,
            watch_of[0],
            http,
            public["TASKIFY_PUBLIC_API_URL"],
            public["TASKIFY_PUBLIC_NOTIFICATIONS_URL"],
            public["TASKIFY_PUBLIC_SOCKET_URL"],
        )

    def _command(self, kind: Kind) -> tuple[str, ...]:
        if self._sabotage is None or SABOTAGES[self._sabotage][0] != kind.name:
            return kind.command
        return command(self._sabotage, 0, kind.command)

    async def _to(self, name: str, server: str, own: dict[str, int]) -> list[int]:
        """Make the links of a part to a server, one to each of its nodes; give their ports."""
        if server == "postgres":
            return [(await self._link(f"{name} - postgres", lambda: [self._servers.postgres_port])).port]
        if server == "task-api":
            return [(await self._link(f"{name} - task-api", lambda: [own["task-api-1"]])).port]
        nodes = range(len(self._servers.broker_ports))
        names = [f"{name} - broker" + (f"-{node + 1}" if len(nodes) > 1 else "") for node in nodes]
        return [
            (await self._link(each, partial(self._node_ports, node))).port
            for node, each in zip(nodes, names, strict=True)
        ]

    def _node_ports(self, node: int) -> list[int]:
        return [self._servers.broker_ports[node]]

    async def _link(self, name: str, targets: Callable[[], list[int]]) -> Link:
        link = await self._stack.enter_async_context(Link.listening(name, targets, next(self._ports)))
        self._links.append(link)
        return link

    def _urls(self, kind: Kind, ports: dict[str, list[int]]) -> dict[str, str]:
        role = kind.command[0]
        urls = {}
        if "postgres" in ports:
            service = "TASK" if role == "task_service" else "NOTIFICATION"
            urls[f"TASKIFY_{service}_DATABASE_URL"] = self._servers.database_url(role, ports["postgres"][0])
        if "broker" in ports:
            service = {TASK_SERVICE: "TASK", NOTIFICATION_WORKER: "NOTIFICATION", WS_GATEWAY: "GATEWAY"}[kind.user]
            urls[f"TASKIFY_{service}_BROKER_URL"] = self._servers.broker_url(kind.user, ports["broker"])
        if "task-api" in ports:
            urls["TASKIFY_JWKS_URL"] = f"http://127.0.0.1:{ports['task-api'][0]}/.well-known/jwks.json"
        return urls


def _migrate(service: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", service, "migrate"]
    subprocess.run(command, cwd=REPOSITORY, env={"PATH": "/usr/bin:/bin", **environment}, check=True, timeout=600)
