"""The whole system as `make up` runs it: on free ports, with its data in a folder of its own."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import Self

import aio_pika
import httpx
from aio_pika.abc import AbstractExchange
from dotenv import dotenv_values
from yarl import URL

from contracts.events.notification import NotificationRequested
from contracts.topology import DOMAIN_EVENTS, user_of_another_service
from infra.broker.definitions import ADMINISTRATOR, VHOST, rights, with_passwords
from infra.local.passwords import Passwords
from infra.local.ports import free_ports
from infra.local.processes import PROCESSES
from tests.support.people import Addresses

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 600
STOP_SECONDS = 120
READY_POLL_SECONDS = 0.1
_HTTP_SECONDS = 60

PLENTY = dict.fromkeys(
    (
        "TASKIFY_PERSON_REQUESTS_A_SECOND",
        "TASKIFY_PERSON_REQUEST_BURST",
        "TASKIFY_ADDRESS_REQUESTS_A_SECOND",
        "TASKIFY_ADDRESS_REQUEST_BURST",
    ),
    "100000",
)
"""Tests and benchmarks send from one address, and faster than people do."""


@dataclass
class System:
    """`launcher` is the process of `make up`; its terminal is the file `up.log`."""

    home: Path
    launcher: Process
    environment: dict[str, str]
    addresses: Addresses

    @classmethod
    @asynccontextmanager
    async def started(
        cls,
        folder: Path,
        *,
        page: Path | None = None,
        backup: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Self]:
        """Start everything, wait until the address is printed, and stop it as Ctrl-C does.

        `page` is another build of the page; from a `backup` the new databases are restored; `settings` are further ones
        of all processes.
        """
        # As root, PostgreSQL runs as a user of its own, which has to pass here.
        folder.chmod(0o755)
        home = folder / "home"
        ports = zip((process.port_variable for process in PROCESSES), free_ports(len(PROCESSES)), strict=True)
        own = {
            "TASKIFY_HOME": str(home),
            **PLENTY,
            **(settings or {}),
            **{variable: str(port) for variable, port in ports},
        }
        if page is not None:
            own["TASKIFY_WEB_DIRECTORY"] = str(page)
        log = folder / "up.log"
        with log.open("wb") as terminal:
            restoring = () if backup is None else ("--restore", str(backup))
            launcher = await run_python("infra.local", "up", *restoring, environment=own, terminal=terminal.fileno())
        try:
            await until_ready(own["TASKIFY_API_PORT"], launcher, log)
            environment = {name: value or "" for name, value in dotenv_values(home / "environment").items()}
            yield cls(home, launcher, environment, _addresses(environment))
        finally:
            await stop(launcher)

    @property
    def admin_broker_url(self) -> str:
        """The broker's address for its administrator."""
        passwords = Passwords.model_validate_json((self.home / "secrets.json").read_bytes())
        own = URL(self.environment["TASKIFY_TASK_BROKER_URL"])
        return str(own.with_user(ADMINISTRATOR).with_password(passwords.broker[ADMINISTRATOR]))

    @asynccontextmanager
    async def another(self, package: str, *arguments: str) -> AsyncIterator[str]:
        """Run one more process of a kind beside the first, ready when this is entered; gives its address."""
        (variable,) = (
            process.port_variable
            for process in PROCESSES
            if (process.module, process.arguments) == (package, arguments)
        )
        (port,) = free_ports(1)
        own = {"TASKIFY_HOME": str(self.home), variable: str(port)}
        log = self.home / "logs" / f"another-{port}.log"
        with log.open("wb") as terminal:
            process = await run_python(package, *arguments, environment=own, terminal=terminal.fileno())
        try:
            await until_ready(str(port), process, log)
            yield f"127.0.0.1:{port}"
        finally:
            await stop(process)
        assert process.returncode == 0, log.read_text()

    async def check_counters(self) -> None:
        """Compare all unread counters with a recount, as an operator would."""
        log = self.home / "logs" / "check.log"
        with log.open("wb") as terminal:
            check = await run_python(
                "notification_worker", "check", environment={"TASKIFY_HOME": str(self.home)}, terminal=terminal.fileno()
            )
        assert await check.wait() == 0, log.read_text()


@dataclass
class OtherService:
    """Another team's service: a broker user of its own that may ask for people to be told; `url` is its address."""

    name: str
    url: str
    _exchange: AbstractExchange

    @classmethod
    @asynccontextmanager
    async def of(cls, system: System, name: str) -> AsyncIterator[Self]:
        """Give it the rights that such a service gets, and connect as it."""
        configuration = (system.home / "rabbitmq" / "rabbitmq.conf").read_text()
        (port,) = re.findall(r"^management[.]tcp[.]port = (\d+)$", configuration, re.MULTILINE)
        administrator = URL(system.admin_broker_url)
        password = token_urlsafe()
        users = {"users": [{"name": name, "tags": []}], **rights(VHOST, users=(user_of_another_service(name),))}
        async with httpx.AsyncClient(trust_env=False, timeout=_HTTP_SECONDS) as http:
            loaded = await http.post(
                f"http://{administrator.host}:{port}/api/definitions",
                json=with_passwords(users, {name: password}),
                auth=(ADMINISTRATOR, administrator.password or ""),
            )
            loaded.raise_for_status()
        url = str(administrator.with_user(name).with_password(password))
        connection = await aio_pika.connect(url)
        async with connection:
            channel = await connection.channel()
            yield cls(name, url, await channel.get_exchange(DOMAIN_EVENTS, ensure=False))

    async def publish(self, event: NotificationRequested) -> None:
        """Send an event, and wait until the broker has it."""
        message = aio_pika.Message(
            event.model_dump_json().encode(), message_id=str(event.id), type=event.type, user_id=self.name
        )
        await self._exchange.publish(message, event.routing_key)


async def run_python(*command: str, environment: dict[str, str], terminal: int, code: Path = REPOSITORY) -> Process:
    """Start `python -m …` from a copy of the code, with nothing of our own environment but the path."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *command,
        cwd=code,
        env={"PATH": os.defpath, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
    )


async def stop(process: Process) -> None:
    """Stop a process as Ctrl-C does, and wait for it."""
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()


async def until_ready(port: str, process: Process, log: Path) -> None:
    """Wait until a process answers that it is ready; the launcher is when it has printed the address."""
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False, timeout=_HTTP_SECONDS) as http:
        while process.returncode is None:
            if await _ready(http, port) and (log.name != "up.log" or "Ctrl-C stops it" in log.read_text()):
                return
            await asyncio.sleep(READY_POLL_SECONDS)
    raise AssertionError(f"stopped while it was starting: {log.read_text()}")


async def _ready(http: httpx.AsyncClient, port: str) -> bool:
    try:
        answer = await http.get(f"http://127.0.0.1:{port}/health/ready")
    except httpx.TransportError:
        return False
    return answer.is_success


def _addresses(environment: dict[str, str]) -> Addresses:
    return Addresses(
        api=environment["TASKIFY_PUBLIC_API_URL"],
        notifications=environment["TASKIFY_PUBLIC_NOTIFICATIONS_URL"],
        socket=environment["TASKIFY_PUBLIC_SOCKET_URL"],
    )
