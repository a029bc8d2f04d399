"""One process that is measured."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from infra.local.children import die_with_us
from tests.support.system import REPOSITORY

START_SECONDS = 120.0
STOP_SECONDS = 15.0
ANSWER_SECONDS = 900.0
STACKS_A_SECOND = 200
SPY_SECONDS = 2.0
_POLL_SECONDS = 0.05
_LONGEST_ANSWER = 16 * 1024 * 1024

Json = dict[str, Any]


@dataclass
class Measured:
    """`ask` is for processes that take commands as lines of JSON and answer each with one."""

    name: str
    log: Path
    process: Process
    use: psutil.Process
    spy: Process | None = None

    @classmethod
    @asynccontextmanager
    async def started(
        cls, name: str, *command: str, log: Path, environment: Mapping[str, str] | None = None
    ) -> AsyncIterator[Self]:
        """Run `python -m …` until the block ends."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *die_with_us(signal.SIGKILL),
                sys.executable,
                "-m",
                *command,
                cwd=REPOSITORY,
                env={"PATH": os.defpath, "PYTHONUNBUFFERED": "1", **(environment or {})},
                stdin=PIPE,
                stdout=PIPE if environment is None else output,
                stderr=output,
                limit=_LONGEST_ANSWER,
            )
        measured = cls(name, log, process, psutil.Process(process.pid))
        try:
            yield measured
        finally:
            await measured.stop()

    async def ask(self, do: str, **parameters: object) -> Json:
        """Send a command, and wait for its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, **parameters}).encode() + b"\n")
        async with asyncio.timeout(ANSWER_SECONDS):
            line = await self.process.stdout.readline()
        assert line, f"{self.name} ended while it was asked to {do}: {self.log.read_text()[-3000:]}"
        answer: Json = json.loads(line)
        return answer

    async def result(self) -> Json:
        """Wait for the one line that a process prints which takes no commands."""
        assert self.process.stdout is not None
        async with asyncio.timeout(ANSWER_SECONDS):
            line = await self.process.stdout.readline()
        assert line, f"{self.name} gave no result: {self.log.read_text()[-3000:]}"
        found: Json = json.loads(line)
        return found

    async def until_ready(self, port: int) -> None:
        """Wait until it answers that it is ready."""
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False) as http:
            while self.process.returncode is None:
                try:
                    if (await http.get(f"http://127.0.0.1:{port}/health/ready")).is_success:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(_POLL_SECONDS)
        raise AssertionError(f"{self.name} stopped while it was starting: {self.log.read_text()[-3000:]}")

    @property
    def cpu_seconds(self) -> float:
        times = self.use.cpu_times()
        return times.user + times.system

    @property
    def memory(self) -> int:
        """Give what it holds in memory, in bytes."""
        return self.use.memory_info().rss

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Ask it to stop, and wait until it has, and what samples its stacks as well."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self.spy is not None:
            await self.spy.wait()


async def record_stacks(measured: Measured, stacks: Path, log: Path) -> None:
    """Sample the stacks of a process with py-spy until it ends; then they are in the file.

    Only of threads that run Python: the others, waiting for work, look busy to py-spy.
    """
    with log.open("ab") as output:
        measured.spy = await asyncio.create_subprocess_exec(
            *die_with_us(signal.SIGKILL),
            Path(sys.executable).with_name("py-spy"),
            "record",
            *("--pid", str(measured.process.pid), "--output", stacks),
            *("--format", "raw", "--rate", str(STACKS_A_SECOND), "--function", "--gil"),
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
        )
    # It needs a moment to find its way around in the other process.
    await asyncio.sleep(SPY_SECONDS)


async def run_once(name: str, *command: str, log: Path) -> Json:
    """Run `python -m …` to its end, and give the line of JSON that it prints."""
    async with Measured.started(name, *command, log=log) as process:
        return await process.result()
