"""A copy of the tree, in which guards are taken out and tests are run."""

import importlib
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from tests.guards.guard import Guard

REPOSITORY = Path(__file__).parents[2]

_PARTS = ("contracts", "docs", "infra", "notification_worker", "task_service", "tests", "ws_gateway", "pyproject.toml")
_TEST_SECONDS = 120
_FAILED = 1
_IMPORTED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""Libraries that plugins of pytest import are here before it is."""

_NOTHING_LEFT_OVER = shutil.ignore_patterns("__pycache__", "node_modules", ".hypothesis")


@dataclass(frozen=True, slots=True)
class Trial:
    """`servers` are the settings by which tests find servers that are there already."""

    tree: Path
    servers: dict[str, str]

    @classmethod
    def copied(cls, folder: Path, servers: dict[str, str]) -> Self:
        """Copy all that tests need into a folder."""
        for part in _PARTS:
            source = REPOSITORY / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=_NOTHING_LEFT_OVER)
            else:
                shutil.copy(source, folder / part)
        return cls(folder, servers)

    def run(self, tests: Sequence[str]) -> tuple[int, str]:
        """Run tests in a child of this process; give pytest's exit code and what it says.

        A child that is forked has all libraries already, which saves most of the time. Of the product it has nothing.
        """
        with tempfile.TemporaryFile() as said:
            child = os.fork()
            if child == 0:
                try:
                    code = self._run_here(tests, said.fileno())
                except BaseException:  # noqa: BLE001 (a child never goes on as its parent)
                    traceback.print_exc()
                    code = int(pytest.ExitCode.INTERNAL_ERROR)
                os._exit(code)
            _, status = os.waitpid(child, 0)
            said.seek(0)
            return os.waitstatus_to_exitcode(status), said.read().decode()

    def _run_here(self, tests: Sequence[str], terminal: int) -> int:
        os.dup2(terminal, sys.stdout.fileno())
        os.dup2(terminal, sys.stderr.fileno())
        os.chdir(self.tree)
        os.environ.update(self.servers)  # noqa: TID251 (this is the environment of the tests, not of the product)
        sys.path[:] = [str(self.tree), *(place for place in sys.path if place not in ("", str(REPOSITORY)))]
        for module in [name for name in sys.modules if name.partition(".")[0] in _PARTS]:
            del sys.modules[module]
        importlib.invalidate_caches()
        options = [
            "-q",
            "-rfE",
            "--tb=line",
            "--timeout",
            str(_TEST_SECONDS),
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            *_IMPORTED,
        ]
        code = pytest.main([*options, *(f"tests/{test}" for test in tests)])
        sys.stdout.flush()
        return int(code)

    @contextmanager
    def without(self, guard: Guard) -> Iterator[None]:
        """Take a guard out until the block ends."""
        file = self.tree / guard.file
        before = file.read_text()
        file.write_text(guard.taken_out(self.tree))
        _forget_compiled(file)
        try:
            yield
        finally:
            file.write_text(before)
            _forget_compiled(file)

    def failure_of(self, test: str) -> str | None:
        """Run one test; say how it failed, or None when it did not, or did not come to run."""
        code, said = self.run([test])
        failures = [line for line in said.splitlines() if line.startswith("FAILED ")]
        if code != _FAILED or not failures:
            return None
        return failures[0].partition(" - ")[2].strip() or "failed"


def _forget_compiled(file: Path) -> None:
    """Python takes a file of the same second and length for unchanged."""
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()
