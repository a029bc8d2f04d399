"""The processes of the product: started, killed, frozen, and started again by whoever watches over them."""

import asyncio
import itertools
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from infra.local.children import die_with_us
from infra.local.settings import REPOSITORY
from tests.faults.silence import NO_ANSWER

START_SECONDS = 240.0
"""All processes at once, on a small machine that has other things to do."""

READY_SECONDS = 240.0
STOP_SECONDS = 40.0
_AGAIN_SECONDS = 0.3
_POLL_SECONDS = 0.1
_ASK_SECONDS = 1.0
_PATIENT_ASK_SECONDS = 10.0
_WATCH_SECONDS = 0.5


@dataclass
class Part:
    """`kind` is what it is one of; `command` is what follows `python -m`."""

    name: str
    kind: str
    command: tuple[str, ...]
    port: int
    environment: dict[str, str]
    log: Path
    deaths: list[str] = field(default_factory=list)
    started_at: float = 0.0
    is_tampered: bool = False
    _tampered: tuple[str, ...] | None = None
    _crashed: asyncio.Event | None = None
    _process: Process | None = None
    _wanted: bool = False
    _expected: bool = False

    def resident_mebibytes(self) -> float:
        """Give the memory that it has now (VmRSS of proc_pid_status(5))."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024

    async def supervise(self) -> None:
        """Keep it running until it is no longer wanted, as any supervisor of services does."""
        self._wanted = True
        while self._wanted:
            process = await self._start()
            code = await process.wait()
            if not self._expected and self._wanted:
                if self.is_tampered and self._crashed is not None:
                    self._tampered = None
                    self._crashed.set()
                else:
                    self.deaths.append(f"{self.name} ended by itself with {code}")
            self._expected = False
            await asyncio.sleep(_AGAIN_SECONDS)

    @property
    def pid(self) -> int:
        return 0 if self._process is None else self._process.pid

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """Kill it without a word (`kill -9`); it is started again."""
        self._expected = True
        self.signal(signal.SIGKILL)

    def tamper(self, command: tuple[str, ...], crashed: asyncio.Event) -> None:
        """Run another command in its place, which is to crash once, and then sets the event."""
        self._tampered, self._crashed = command, crashed
        self.kill()

    def mend(self) -> None:
        """Run its own command again."""
        self._tampered = None
        if self.is_tampered:
            self.kill()

    async def restart(self) -> str | None:
        """Ask it to stop, as a rolling restart does; say what was wrong with how it did."""
        process, self._expected = self._process, True
        if process is None:
            return None
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                code = await process.wait()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            return f"{self.name} did not stop within {STOP_SECONDS:g} s"
        took = time.monotonic() - began
        return None if code == 0 else f"{self.name} stopped with {code} after {took:.1f} s"

    async def stop(self) -> None:
        self._wanted = False
        self.signal(signal.SIGCONT)
        await self.restart()

    async def is_ready(self, http: httpx.AsyncClient, *, seconds: float = _ASK_SECONDS) -> bool:
        try:
            answer = await http.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=seconds)
        except NO_ANSWER:
            return False
        return answer.is_success

    async def until_ready(self, http: httpx.AsyncClient, *, since: float = 0.0, seconds: float = READY_SECONDS) -> None:
        """Wait until it is ready, in a process that was started after `since`."""
        try:
            async with asyncio.timeout(seconds):
                while (
                    self.started_at < since
                    or self.is_tampered
                    or not await self.is_ready(http, seconds=_PATIENT_ASK_SECONDS)
                ):
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(f"{self.name} was not ready after {seconds:g} s; see {self.log}") from None

    async def _start(self) -> Process:
        self.is_tampered = self._tampered is not None
        with self.log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *die_with_us(signal.SIGKILL),
                sys.executable,
                "-m",
                *(self._tampered or self.command),
                cwd=REPOSITORY,
                env={"PATH": os.defpath, "PYTHONUNBUFFERED": "1", **self.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._process, self.started_at = process, time.monotonic()
        return process


class Watch:
    """Who is ready, looked at again and again; this is what the balancer goes by."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)
        self._ready: set[str] = set()
        self._turn = itertools.count()

    async def run(self) -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            while True:
                asked = await asyncio.gather(*(part.is_ready(http) for part in self._parts))
                self._ready = {part.name for part, ready in zip(self._parts, asked, strict=True) if ready}
                await asyncio.sleep(_WATCH_SECONDS)

    def ready(self, kind: str) -> list[int]:
        """Give the ports of those of a kind that are ready."""
        return [part.port for part in self._parts if part.kind == kind and part.name in self._ready]

    def ports(self, kind: str) -> list[int]:
        """Give the ports of a kind: those that are ready, each first in its turn, then the others."""
        parts = [part for part in self._parts if part.kind == kind]
        first = next(self._turn) % len(parts)
        in_turn = parts[first:] + parts[:first]
        return [part.port for part in sorted(in_turn, key=lambda part: part.name not in self._ready)]
