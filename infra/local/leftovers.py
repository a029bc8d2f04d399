"""Which processes a launcher has started, on disk, so that a later one finds those it left behind.

A process id alone says nothing after a restart of the machine; with the time of its start and the id of the boot it
names one process for ever.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

STOP_SECONDS = 15.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Started:
    name: str
    pid: int
    start: str
    stop_signal: int

    @property
    def running(self) -> bool:
        """Whether exactly this process still runs."""
        return start_of(self.pid) == self.start

    def send(self, number: int) -> None:
        """Send a signal to the process, if it is still there."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


_RECORD = TypeAdapter(tuple[Started, ...])


def start_of(pid: int) -> str | None:
    """Tell when a process started, in a form that no other process of any boot has; None when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, start = fields[0], fields[19]
    return None if state == "Z" else f"{boot}/{start}"


def write_record(home: Path, started: Iterable[Started]) -> None:
    """Replace the record of a folder."""
    new = _file(home).with_suffix(".new")
    new.write_bytes(_RECORD.dump_json(tuple(started), indent=2))
    new.replace(_file(home))


def remove_record(home: Path) -> None:
    """Forget what was started: all of it has ended."""
    _file(home).unlink(missing_ok=True)


def running(home: Path) -> list[Started]:
    """Give the processes of the record that still run, in the order of their start."""
    try:
        entries = _RECORD.validate_json(_file(home).read_bytes())
    except (FileNotFoundError, ValidationError):
        return []
    return [entry for entry in entries if entry.running]


def stop_leftovers(home: Path) -> list[str]:
    """Stop what an earlier launcher on this folder left running, kill what does not stop; give the names."""
    left = running(home)
    for entry in reversed(left):
        entry.send(entry.stop_signal)
    deadline = time.monotonic() + STOP_SECONDS
    while any(entry.running for entry in left) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    for entry in left:
        entry.send(signal.SIGKILL)
    remove_record(home)
    return [entry.name for entry in left]


def _file(home: Path) -> Path:
    return home / "children.json"
