"""The container engine of this machine, and `compose.yaml` as a person runs it: by the same commands."""

import asyncio
import json
import shutil
import tempfile
import time
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.errors import AlreadyRunningError
from infra.local.lock import only_launcher
from infra.local.logged import inherited_environment
from infra.local.ports import LOOPBACK, is_free

REPOSITORY = Path(__file__).parents[2]
PORT = 8080
FRONT = f"http://localhost:{PORT}"
NO_ENGINE = """\
No container engine answers `docker info`, and these tests need one.
  · Start Docker, and see that you may use it: `docker info`. As an ordinary user you may have to be in its group.
  · An engine elsewhere is named by DOCKER_HOST.
What it said: """
NO_COMPOSE = "Neither `docker compose` nor `docker-compose` (1.29 or newer) is here. Install Docker's Compose plugin."

PORT_TAKEN = f"""\
Port {PORT} is taken, and `compose.yaml` needs it. Stop what listens there (`docker ps --filter publish={PORT}`, or
`ss --listening --tcp --processes`), perhaps a Taskify of your own: `docker compose down`."""

ALREADY_RUNNING = (
    "These tests already run on this machine, perhaps from another checkout. Wait for their end, or stop them."
)

COMMAND_SECONDS = 300.0
UP_SECONDS = 900.0
BUILD_SECONDS = 1_800.0
_HEALTHY_SECONDS = 600.0
_POLL_SECONDS = 0.5
_NAME = "taskify-container-tests"

# The process of ours is the child of the container's first process, which only passes signals on.
_KILL = """
import os, pathlib, signal
for file in pathlib.Path("/proc").glob("[0-9]*/stat"):
    if file.read_text().rpartition(")")[2].split()[1] == "1":
        os.kill(int(file.parent.name), signal.SIGKILL)
"""

# The table has local address, remote address and state as the second to fourth column; 01 is an open connection.
_COUNT = """
import pathlib
rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
print(sum(row[1].endswith(":1F42") and row[3] == "01" and not row[2].startswith("0100007F") for row in rows))
"""


class EngineMissingError(Exception):
    """There is nothing to run containers with; the message says what to do."""


class FrontTakenError(Exception):
    """Somebody else has the front's port, or uses this project; the message says what to do."""


async def run(*words: str, seconds: float = COMMAND_SECONDS) -> str:
    """Run a program to its end; give what it wrote, or fail with it."""
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=REPOSITORY,
        env=inherited_environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate()
    except TimeoutError:
        raise AssertionError(f"`{' '.join(words)}` took longer than {seconds:g} s") from None
    finally:
        # Also when the tests are broken off: what it would still start, nobody would take down.
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = output.decode(errors="replace")
    assert process.returncode == 0, f"`{' '.join(words)}` failed ({process.returncode}):\n{text}"
    return text


@contextmanager
def only_run() -> Iterator[None]:
    """Let no other run use the project until the end; the kernel lets go of it when we are killed.

    Raises:
        FrontTakenError: another run does.
    """
    try:
        with only_launcher(Path(tempfile.gettempdir()) / _NAME):
            yield
    except AlreadyRunningError:
        raise FrontTakenError(ALREADY_RUNNING) from None


def require_free_front() -> None:
    """See that nobody listens on the front's port.

    Raises:
        FrontTakenError: somebody does.
    """
    if not is_free(LOOPBACK, PORT):
        raise FrontTakenError(PORT_TAKEN)


async def compose_command() -> tuple[str, ...]:
    """Find out how Compose is called here.

    Raises:
        EngineMissingError: no engine answers, or there is no Compose.
    """
    if shutil.which("docker") is None:
        raise EngineMissingError(f"{NO_ENGINE}there is no `docker` on the PATH")
    try:
        await run("docker", "info", "--format", "{{.ServerVersion}}")
    except AssertionError as error:
        raise EngineMissingError(f"{NO_ENGINE}{error}") from None
    try:
        await run("docker", "compose", "version")
    except AssertionError:
        if shutil.which("docker-compose") is None:
            raise EngineMissingError(NO_COMPOSE) from None
        return ("docker-compose",)
    return ("docker", "compose")


@dataclass(frozen=True)
class Container:
    id: str
    service: str

    async def inspect(self) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(await run("docker", "inspect", self.id))
        return found[0]

    async def python(self, code: str) -> str:
        """Run a few lines of Python inside."""
        return await run("docker", "exec", self.id, "python", "-c", code)

    async def kill_process(self) -> None:
        """Kill what runs inside, as the kernel does when memory is short.

        Not by `docker kill`: for the engine that is a stop that somebody wished, after which it starts nothing again.
        """
        await self.python(_KILL)

    async def open_windows(self) -> int:
        """Count the sockets that a gateway holds."""
        return int(await self.python(_COUNT))

    async def restarts(self) -> int:
        return int((await self.inspect())["RestartCount"])

    async def restarts_by_itself(self) -> bool:
        return str((await self.inspect())["HostConfig"]["RestartPolicy"]["Name"]) != "no"

    async def is_well(self) -> bool:
        """Whether it runs and, where it has a health check, that says so; a one-shot is well when it has succeeded."""
        state = (await self.inspect())["State"]
        if state["Status"] == "exited":
            return bool(state["ExitCode"] == 0)
        return bool(state["Running"] and not state["Restarting"] and state.get("Health", {}).get("Status") == "healthy")


@dataclass(frozen=True)
class Compose:
    """One project of `compose.yaml`, apart from whatever else runs on the engine."""

    words: tuple[str, ...]

    @classmethod
    async def found(cls, no_settings: Path) -> "Compose":
        """Use the Compose that is here, without the settings of the person at the machine (`.env`).

        Raises:
            EngineMissingError: it cannot be had.
        """
        files = ("--file", "compose.yaml", "--file", "tests/containers/low-limits.yaml")
        return cls((*await compose_command(), "--project-name", _NAME, "--env-file", str(no_settings), *files))

    async def __call__(self, *arguments: str, seconds: float = COMMAND_SECONDS) -> str:
        return await run(*self.words, *arguments, seconds=seconds)

    async def up(self, *arguments: str) -> None:
        """Start what does not run yet, and wait until all of it is well."""
        await self("up", "--detach", *arguments, seconds=UP_SECONDS)
        await self.until_well()

    async def down(self, *arguments: str) -> None:
        await self(
            "--profile", "metrics", "--profile", "tools", "down", "--remove-orphans", *arguments, seconds=UP_SECONDS
        )

    async def containers(self, service: str | None = None) -> list[Container]:
        """Give the containers of the project, those that have ended too."""
        filters = ["--filter", f"label=com.docker.compose.project={_NAME}"]
        if service is not None:
            filters += ["--filter", f"label=com.docker.compose.service={service}"]
        rows = await run(
            "docker",
            "ps",
            "--all",
            "--no-trunc",
            *filters,
            "--format",
            '{{.ID}} {{.Label "com.docker.compose.service"}}',
        )
        return [Container(*row.split()) for row in sorted(rows.splitlines())]

    async def until_well(self) -> None:
        deadline = time.monotonic() + _HEALTHY_SECONDS
        while unwell := [each for each in await self.containers() if not await each.is_well()]:
            if time.monotonic() > deadline:
                logs = [await run("docker", "logs", "--tail", "30", each.id) for each in unwell]
                raise AssertionError(f"not well: {[each.service for each in unwell]}\n{''.join(logs)}")
            await asyncio.sleep(_POLL_SECONDS)
