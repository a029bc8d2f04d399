"""The processes that we start, and their end.

Each child has a session of its own, so that Ctrl-C in the terminal reaches only us and we stop them in order. The
kernel sends a child its stop signal when we are killed ourselves (`setpriv --pdeathsig`). Whatever is left in spite of
that, the next launcher on the same folder finds (`leftovers`) and stops.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.errors import ChildError
from infra.local.leftovers import STOP_SECONDS, Started, remove_record, start_of, write_record
from infra.local.logged import inherited_environment

_LOG_LINES = 15


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals
    # Stages stop in reverse order; the children of one stage stop side by side.
    stage: int

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def last_lines(self) -> str:
        """Give the end of its log, indented."""
        lines = self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        return "\n".join(f"    {line}" for line in lines) or "    (its log is empty)"

    def failure(self, what: str) -> ChildError:
        """Make the error that says what went wrong with it, with the end of its log."""
        return ChildError(f"{self.name} {what}. The end of {self.log}:\n{self.last_lines()}")


class Children:
    """All children of one launcher, in the order of their start."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._logs = home / "logs"
        self._children: list[Child] = []

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stage: int,
        stop_signal: signal.Signals = signal.SIGTERM,
        run_as: Sequence[str] = (),
    ) -> Child:
        """Start a process whose output goes to `logs/<name>.log`; the log of the run before is kept beside it."""
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".previous.log"))
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*die_with_us(stop_signal, run_as), *command],
                cwd=folder,
                env=inherited_environment() | dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child = Child(name, process, log, stop_signal, stage)
        self._children.append(child)
        self._write_record()
        return child

    def run(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stage: int,
        seconds: float,
    ) -> None:
        """Start a process and wait for its end.

        Raises:
            ChildError: it failed, or took longer than `seconds`.
        """
        child = self.start(name, command, folder=folder, environment=environment, stage=stage)
        try:
            code = child.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise child.failure(f"took longer than {seconds:g} s") from None
        if code != 0:
            raise child.failure(f"failed (exit code {code})")
        self._children.remove(child)
        self._write_record()

    def dead(self) -> Child | None:
        """Give a child that has ended, if there is one."""
        return next((child for child in self._children if not child.running), None)

    def stop(self) -> None:
        """Stop all children, the last stage first; one that takes longer than `STOP_SECONDS` is killed."""
        for stage in sorted({child.stage for child in self._children}, reverse=True):
            members = [child for child in self._children if child.stage == stage]
            for child in members:
                if child.running:
                    child.process.send_signal(child.stop_signal)
            deadline = time.monotonic() + STOP_SECONDS
            for child in members:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.0, deadline - time.monotonic()))
                # What a child has started itself and left behind is in its session's process group.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
        self._children.clear()
        remove_record(self._home)

    def _write_record(self) -> None:
        write_record(
            self._home,
            (
                Started(child.name, child.process.pid, start_of(child.process.pid) or "", child.stop_signal.value)
                for child in self._children
            ),
        )


@contextlib.contextmanager
def all_children(home: Path) -> Iterator[Children]:
    """Give the children of this launcher, and stop them at the end whatever happens."""
    children = Children(home)
    try:
        yield children
    finally:
        children.stop()


def die_with_us(stop_signal: signal.Signals, run_as: Sequence[str] = ()) -> list[str]:
    """Give the words before a command that let the kernel stop it when we die, and the user to run it as."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    return [setpriv, *run_as, "--pdeathsig", stop_signal.name.removeprefix("SIG"), "--"]
