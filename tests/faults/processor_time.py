"""Who had the processors: the load, the gateways, and whatever else the machine does."""

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.faults.parts import Part

_SAMPLE_SECONDS = 0.2
_TICKS = os.sysconf("SC_CLK_TCK")


class ProcessorTime:
    """Measures from when it is run; shares are of one core."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._by_pid: dict[int, float] = {}
        self._parts_seconds = 0.0

    async def run(self) -> None:
        self._began, self._own, self._machine = time.monotonic(), time.process_time(), _machine_seconds()
        self._sample()
        self._parts_seconds = 0.0
        while True:
            await asyncio.sleep(_SAMPLE_SECONDS)
            self._sample()

    def __str__(self) -> str:
        elapsed = time.monotonic() - self._began
        own = (time.process_time() - self._own) / elapsed
        parts = self._parts_seconds / elapsed
        others = (_machine_seconds() - self._machine) / elapsed - own - parts
        return (
            f"of {os.cpu_count()} cores: {own:.2f} the windows, {parts:.2f} the gateways, "
            f"{others:.2f} everything else; load average {os.getloadavg()[0]:.1f}"
        )

    def _sample(self) -> None:
        for part in self._parts:
            with suppress(OSError):
                fields = Path(f"/proc/{part.pid}/stat").read_text().rpartition(")")[2].split()
                used = (int(fields[11]) + int(fields[12])) / _TICKS
                self._parts_seconds += used - self._by_pid.get(part.pid, 0.0)
                self._by_pid[part.pid] = used


def _machine_seconds() -> float:
    """Give how long all processors together have worked, and not been idle or waited (proc_stat(5))."""
    user, nice, system, _, _, *rest = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    return sum(int(ticks) for ticks in (user, nice, system, *rest)) / _TICKS
