"""An upgrade without downtime: the code of before the newest migration works on the schema of after it."""

import asyncio
import io
import subprocess
import tarfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.topology import NOTIFICATION_WORKER, TASK_SERVICE, WS_GATEWAY
from infra.broker.definitions import ADMINISTRATOR
from infra.local.environment import system_environment, write_environment
from infra.local.ports import free_ports
from infra.local.processes import PROCESSES, Process
from infra.local.settings import LaunchSettings
from tests.support.people import Addresses, Person
from tests.support.servers import Vhost
from tests.support.system import REPOSITORY, run_python, stop, until_ready

pytestmark = pytest.mark.e2e

MIGRATIONS = [f"{service}/migrations/versions" for service in ("task_service", "notification_worker")]
APIS = [process for process in PROCESSES if process.arguments == ("api",)]


@pytest.fixture(scope="session")
def code_of_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code as it was before the commit that added the newest migration."""
    assert git("rev-parse", "--is-shallow-repository") == b"false\n", "this needs the history: git fetch --unshallow"
    newest = git("log", "-1", "--diff-filter=A", "--format=%H", "--", *MIGRATIONS).decode().strip()
    folder = tmp_path_factory.mktemp("before")
    archive = git("archive", f"{newest}^", "contracts", "infra", "task_service", "notification_worker", "ws_gateway")
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(folder, filter="data")
    assert migrations(folder) < migrations(REPOSITORY)
    return folder


@pytest.fixture
async def home(tmp_path: Path, task_database_url: str, notification_database_url: str, broker_vhost: Vhost) -> Path:
    """The folder of a system whose processes all of the code before and some of the code of now find."""
    names = [process.port_variable.removeprefix("TASKIFY_").lower() for process in PROCESSES]
    ports: dict[str, Any] = dict(zip(names, free_ports(len(names)), strict=True))
    settings = LaunchSettings(_env_file=None, **ports)
    environment = system_environment(
        settings,
        tmp_path,
        databases={"task_service": task_database_url, "notification_worker": notification_database_url},
        broker={
            TASK_SERVICE: broker_vhost.task_service,
            NOTIFICATION_WORKER: broker_vhost.notification_worker,
            WS_GATEWAY: broker_vhost.gateway,
            ADMINISTRATOR: broker_vhost.administrator,
        },
    )
    write_environment(tmp_path, environment)
    return tmp_path


async def test_the_code_of_before_works_on_the_newest_schema_and_beside_the_code_of_now(
    code_of_before: Path, home: Path, http: httpx.AsyncClient
) -> None:
    async with AsyncExitStack() as stack:
        before = await stack.enter_async_context(running(code_of_before, home, PROCESSES))
        ann = await Person.register(http, before, "Ann")
        john = await Person.register(http, before, "John")
        async with john.window() as window:
            task = await ann.create_task("Written by the code of before", assignee_id=john.id)
            await ann.comment(task["id"], "Hello")
            await ann.change_task(task["id"], status="in_review")
            await window.until(lambda seen: len(seen.unread) == 3, "the assignment, the comment and the status")

            after = await stack.enter_async_context(running(REPOSITORY, home, APIS, own_ports=True))
            newer = Person(ann.id, ann.name, ann.email, ann.token, after, http)
            await newer.change_task(task["id"], status="done")
            await window.until(lambda seen: len(seen.unread) == 4, "what came through the API of now")
            first = Person(john.id, john.name, john.email, john.token, after, http)
            assert [row["id"] for row in await first.unread()] == [row["id"] for row in await john.unread()]
            await first.mark_all_read(window.latest_seq)
            await window.until(lambda seen: not seen.unread, "that all was read in a window of now")


@asynccontextmanager
async def running(
    code: Path, home: Path, processes: list[Process] | tuple[Process, ...], *, own_ports: bool = False
) -> AsyncIterator[Addresses]:
    """Run processes from a copy of the code until the end of the block; with ports of their own beside others."""
    variables = [process.port_variable for process in processes]
    given = dict(zip(variables, map(str, free_ports(len(variables))), strict=True)) if own_ports else {}
    lines = (home / "environment").read_text().splitlines()
    ports = {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)} | given
    started = []
    try:
        for process in processes:
            log = home / f"{code.name}-{process.name}.log"
            with log.open("wb") as terminal:
                child = await run_python(
                    process.module,
                    *process.arguments,
                    environment={"TASKIFY_HOME": str(home), **given},
                    terminal=terminal.fileno(),
                    code=code,
                )
            started.append(child)
            await until_ready(ports[process.port_variable], child, log)
        yield Addresses(
            api=f"http://localhost:{ports['TASKIFY_API_PORT']}",
            notifications=f"http://localhost:{ports['TASKIFY_NOTIFICATIONS_PORT']}",
            socket=ports["TASKIFY_PUBLIC_SOCKET_URL"],
        )
    finally:
        await asyncio.gather(*(stop(child) for child in started))


def migrations(code: Path) -> set[str]:
    return {f"{folder}/{path.name}" for folder in MIGRATIONS for path in (code / folder).glob("0*.py")}


def git(*words: str) -> bytes:
    command = ["git", *words]
    return subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True).stdout
