"""A copy of the tree, in which guards are taken out and tests are run."""

import importlib
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest

from tests.guards.guard import Guard

REPOSITORY = Path(__file__).parents[2]

_PACKAGES = ("contracts", "infra", "notification_worker", "task_service", "tests", "ws_gateway")
_PARTS = (*_PACKAGES, "docs", "requirements", "web/dist", "web/package-lock.json", "pyproject.toml")
_TEST_SECONDS = 300
_IMPORTED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""Libraries that plugins of pytest import are here before it is."""

_NOTHING_LEFT_OVER = shutil.ignore_patterns("__pycache__", "node_modules", ".hypothesis")


@dataclass(frozen=True, slots=True)
class Failure:
    """`phase` is pytest's: `call` is the test itself, `setup` and `teardown` are what stands around it."""

    test: str
    phase: str
    said: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of tests came to; a code other than 0 and no failure mean that they could not be collected."""

    code: int
    failures: tuple[Failure, ...]
    printed: str

    @property
    def failure(self) -> Failure | None:
        """The first failure of a test itself: what breaks around it shows nothing of what the test holds."""
        return next((one for one in self.failures if one.phase == "call"), None)


@dataclass(eq=False)
class _Observer:
    """A plugin of pytest."""

    failures: list[Failure] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failures.append(Failure(report.nodeid, report.when or "", _crash(report.longrepr)))


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

    def run(self, tests: Sequence[str]) -> Outcome:
        """Run tests in a child of this process.

        A child that is forked has all libraries already, which saves most of the time. Of the product it has nothing.
        """
        with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as seen:
            child = os.fork()
            if child == 0:
                observer = _Observer()
                try:
                    code = self._run_here(tests, printed.fileno(), observer)
                except BaseException:  # noqa: BLE001 (a child never goes on as its parent)
                    traceback.print_exc()
                    code = int(pytest.ExitCode.INTERNAL_ERROR)
                seen.write(json.dumps([asdict(failure) for failure in observer.failures]).encode())
                seen.flush()
                os._exit(code)
            _, status = os.waitpid(child, 0)
            printed.seek(0)
            seen.seek(0)
            failures = tuple(Failure(**failure) for failure in json.loads(seen.read() or b"[]"))
            return Outcome(os.waitstatus_to_exitcode(status), failures, printed.read().decode(errors="replace"))

    def _run_here(self, tests: Sequence[str], terminal: int, observer: _Observer) -> int:
        os.dup2(terminal, sys.stdout.fileno())
        os.dup2(terminal, sys.stderr.fileno())
        os.chdir(self.tree)
        os.environ.update(self.servers)  # noqa: TID251 (this is the environment of the tests, not of the product)
        sys.path[:] = [str(self.tree), *(place for place in sys.path if place not in ("", str(REPOSITORY)))]
        for module in [name for name in sys.modules if name.partition(".")[0] in _PACKAGES]:
            del sys.modules[module]
        importlib.invalidate_caches()
        options = [
            "-q",
            "-rfE",
            "--tb=short",
            "--timeout",
            str(_TEST_SECONDS),
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            *_IMPORTED,
        ]
        code = pytest.main([*options, *(f"tests/{test}" for test in tests)], plugins=[observer])
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


def _crash(representation: Any) -> str:
    crash = getattr(representation, "reprcrash", None)
    return " ".join((crash.message if crash else str(representation)).split())


def _forget_compiled(file: Path) -> None:
    """Python takes a file of the same second and length for unchanged."""
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()
