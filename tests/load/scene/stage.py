"""The servers of a run, and what every row starts on them."""

import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx
import psutil

from contracts.topology import USERS
from infra.broker.definitions import ADMINISTRATOR
from infra.database.migrations import upgrade
from infra.local.children import Children, all_children
from infra.local.leftovers import running
from infra.local.postgres import start_postgres
from infra.local.rabbitmq import start_rabbitmq
from tests.load.scene.process import Json, Measured, record_stacks, run_once
from tests.support.servers import Broker, Postgres
from tests.support.tokens import Signer, published

if TYPE_CHECKING:
    from tests.load.scene.system import System

PASSWORD = "a-password-for-tests-only"
"""That of `tests.support.servers`, which makes roles and virtual hosts."""

_HTTP_SECONDS = 30

RAISED = {
    "TASKIFY_SOCKET_CONNECTIONS_AN_ADDRESS": "100000",
    "TASKIFY_PERSON_REQUESTS_A_SECOND": "100000",
    "TASKIFY_PERSON_REQUEST_BURST": "100000",
    "TASKIFY_ADDRESS_REQUESTS_A_SECOND": "100000",
    "TASKIFY_ADDRESS_REQUEST_BURST": "100000",
}
"""Limits for one address and one person: here everybody comes from one address."""


@dataclass
class Stage:
    """`jwks_url` publishes the key of `signer`; `kept` ends with the run."""

    folder: Path
    quick: bool
    children: Children
    postgres: Postgres
    broker: Broker
    signer: Signer
    jwks_url: str
    kept: AsyncExitStack
    shared_system: "System | None" = None
    profiled: str = ""
    """The process of the product whose stacks are sampled, into the file `stacks`."""

    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    @contextmanager
    def built(cls, folder: Path, kept: AsyncExitStack, *, quick: bool) -> Iterator[Self]:
        """Start both servers; blocks, since nothing else runs yet."""
        # As root, PostgreSQL runs as a user of its own, which has to pass here.
        folder.chmod(0o755)
        with ExitStack() as stack:
            children = stack.enter_context(all_children(folder))
            postgres = start_postgres(children, folder / "postgres", password=PASSWORD, stage=0, durable=True)
            passwords = dict.fromkeys((*(user.name for user in USERS), ADMINISTRATOR), PASSWORD)
            # Killed at the end: its folder is thrown away, and asking it to stop takes six seconds.
            node = start_rabbitmq(children, folder / "rabbitmq", passwords=passwords, stage=0, durable=False)
            management = stack.enter_context(
                httpx.Client(
                    base_url=node.management_url,
                    auth=(ADMINISTRATOR, PASSWORD),
                    timeout=_HTTP_SECONDS,
                    trust_env=False,
                )
            )
            signer = Signer("bench")
            yield cls(
                folder=folder,
                quick=quick,
                children=children,
                postgres=Postgres(postgres.url, upgrade),
                broker=Broker(node.address, management),
                signer=signer,
                jwks_url=stack.enter_context(published(signer)),
                kept=kept,
            )

    @property
    def servers(self) -> Mapping[str, psutil.Process]:
        """The server programs, to be watched."""
        pids = {entry.name: entry.pid for entry in running(self.folder)}
        return {name: psutil.Process(pids[name]) for name in ("postgres", "rabbitmq")}

    def log(self, name: str) -> Path:
        """Name the log of a process that is about to start."""
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        return logs / f"{name}-{next(self._numbers)}.log"

    def environment(self, **variables: object) -> dict[str, str]:
        """Give the environment of a process of the product; settings are named without their prefix, in lower case."""
        own = {f"TASKIFY_{name.upper()}": str(value) for name, value in variables.items()}
        return {"TASKIFY_HOME": str(self.folder / "no-settings-here"), **RAISED, **own}

    @asynccontextmanager
    async def product(self, name: str, *command: str, port: int, **settings: object) -> AsyncIterator[Measured]:
        """Run a process of the product, ready when this is entered."""
        own = self.environment(**settings)
        async with Measured.started(name, *command, log=self.log(name), environment=own) as process:
            await process.until_ready(port)
            if name == self.profiled:
                await record_stacks(process, self.stacks, self.log("py-spy"))
            yield process

    @property
    def stacks(self) -> Path:
        return self.folder / "stacks"

    @asynccontextmanager
    async def tool(self, name: str, *command: object) -> AsyncIterator[Measured]:
        """Run a process of the benchmark that takes commands."""
        words = [str(word) for word in command]
        async with Measured.started(name, *words, log=self.log(name)) as process:
            yield process

    async def run_bare(self, module: str, *arguments: object) -> Json:
        """Run a process that does with a bare library what ours does, and give what it measured."""
        words = [str(argument) for argument in arguments]
        return await run_once(module, f"tests.load.bare.{module}", *words, log=self.log(module))
