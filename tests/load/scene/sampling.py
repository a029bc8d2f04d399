"""What processes use while something is measured."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from tests.load.results import Line, Plot, ProcessUse

SAMPLE_SECONDS = 0.5
_MIB = 1024 * 1024


@dataclass
class _Watched:
    process: psutil.Process
    is_server: bool
    cpu_start: float = 0.0
    cpu_end: float = 0.0
    memory: list[tuple[float, float]] = field(default_factory=list)

    def look(self, now: float) -> None:
        with suppress(psutil.NoSuchProcess):
            self.cpu_end = self._cpu()
            self.memory.append((now, self._memory() / _MIB))

    def _cpu(self) -> float:
        """Give the CPU time; of a server program that of its children too, also of those that have ended."""
        own = self.process.cpu_times()
        total = own.user + own.system
        if self.is_server:
            total += own.children_user + own.children_system
            for child in _children(self.process):
                with suppress(psutil.NoSuchProcess):
                    times = child.cpu_times()
                    total += times.user + times.system + times.children_user + times.children_system
        return total

    def _memory(self) -> float:
        if not self.is_server:
            return self.process.memory_info().rss
        total = 0
        for one in (self.process, *_children(self.process)):
            with suppress(psutil.NoSuchProcess):
                memory = one.memory_info()
                total += memory.rss - memory.shared
        return total


def _children(process: psutil.Process) -> list[psutil.Process]:
    """Give its children. psutil would look at every process of the machine for it, and hold up our own loop."""
    found = []
    for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(int(pid)))
    return found


class Sampler:
    def __init__(self, processes: Mapping[str, psutil.Process], servers: Mapping[str, psutil.Process]) -> None:
        self._watched = {name: _Watched(process, is_server=False) for name, process in processes.items()}
        self._watched |= {name: _Watched(process, is_server=True) for name, process in servers.items()}
        self._started = time.monotonic()
        self._ended = self._started

    @classmethod
    @asynccontextmanager
    async def watching(
        cls, processes: Mapping[str, psutil.Process], servers: Mapping[str, psutil.Process]
    ) -> AsyncIterator[Self]:
        """Look at all of them again and again until the block ends."""
        sampler = cls(processes, servers)
        sampler._look()
        for watched in sampler._watched.values():
            watched.cpu_start = watched.cpu_end
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(sampler._keep_looking())
            try:
                yield sampler
            finally:
                looking.cancel()
                sampler._look()

    @property
    def uses(self) -> list[ProcessUse]:
        elapsed = max(self._ended - self._started, 1e-9)
        return [
            ProcessUse(
                name=name,
                cpu_seconds=watched.cpu_end - watched.cpu_start,
                share=(watched.cpu_end - watched.cpu_start) / elapsed,
                memory_start=watched.memory[0][1],
                memory_peak=max(memory for _, memory in watched.memory),
            )
            for name, watched in self._watched.items()
            if watched.memory
        ]

    @property
    def memory_plot(self) -> Plot:
        lines = (Line(name=name, points=tuple(watched.memory)) for name, watched in self._watched.items())
        return Plot(title="Memory of each process", x="seconds", y="MiB", lines=tuple(lines))

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            self._look()

    def _look(self) -> None:
        self._ended = time.monotonic()
        for watched in self._watched.values():
            watched.look(self._ended - self._started)
