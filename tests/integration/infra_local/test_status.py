"""`python -m infra.local status` says how a real system is, also when half of it is down."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.leftovers import Started, running
from infra.local.settings import REPOSITORY
from tests.support.people import Person
from tests.support.system import System

SECONDS = 120
COMMAND = [sys.executable, "-m", "infra.local", "status"]

# The whole system is started for the first of these.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
async def system() -> AsyncIterator[System]:
    with tempfile.TemporaryDirectory(prefix="taskify-status-") as folder:
        async with System.started(Path(folder)) as started:
            yield started


def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.defpath, "TASKIFY_HOME": str(home), "COLUMNS": "200", "LINES": "50"}


def status(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        cwd=REPOSITORY,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def read_json(home: Path) -> tuple[int, dict[str, Any]]:
    shown = status(home, "--json")
    return shown.returncode, json.loads(shown.stdout)


def process(home: Path, name: str) -> Started:
    return next(each for each in running(home) if each.name == name)


@contextmanager
def frozen(home: Path, *names: str) -> Iterator[None]:
    started = [process(home, name) for name in names]
    try:
        for each in started:
            each.send(signal.SIGSTOP)
        yield
    finally:
        for each in started:
            each.send(signal.SIGCONT)


def until_healthy(home: Path, *, with_times: bool = False) -> dict[str, Any]:
    """Ask until it is healthy, and until each hop has been timed: what came through is counted a moment later."""
    deadline = time.monotonic() + SECONDS
    while True:
        code, shown = read_json(home)
        assert (code == 0) is shown["healthy"]
        timed = not with_times or all(hop["rate"] is not None and hop["median_seconds"] for hop in shown["hops"])
        if shown["healthy"] and timed:
            return shown
        assert time.monotonic() < deadline, shown


def until_said_healthy(home: Path) -> str:
    """Ask for the text, too: a process that answers slowly once is not well at that moment."""
    deadline = time.monotonic() + SECONDS
    while (text := status(home)).returncode != 0:
        assert time.monotonic() < deadline, text.stdout
    return text.stdout


async def test_a_healthy_system_is_shown_with_every_process_and_every_hop(system: System) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        ann = await Person.register(http, system.addresses, "Ann")
        john = await Person.register(http, system.addresses, "John")
        async with john.window() as window:
            await ann.create_task("See how it goes", assignee_id=john.id)
            await window.until(lambda seen: len(seen.unread) == 1, "the notification")
            shown = until_healthy(system.home, with_times=True)
            text = until_said_healthy(system.home)

    assert shown["trouble"] == []
    assert all(each["ready"] and each["memory_bytes"] > 0 for each in shown["processes"])
    assert {each["port"] for each in shown["processes"]} == {
        int(value) for name, value in system.environment.items() if name.endswith("_PORT")
    }
    assert all(hop["rate"] is not None and hop["median_seconds"] > 0 for hop in shown["hops"])
    assert shown["connections"]["windows"] == 1
    assert shown["for_a_person"]["dead letters"] == 0
    assert text.startswith(f"Taskify runs on {system.home}: healthy\n")


def test_frozen_parts_are_named_within_some_seconds_and_all_else_is_still_shown(system: System) -> None:
    until_healthy(system.home)
    with frozen(system.home, "worker", "gateway"):
        began = time.monotonic()
        text = status(system.home)
        took = time.monotonic() - began

    assert text.returncode == 1
    assert text.stdout.startswith(f"Taskify runs on {system.home}: NOT HEALTHY\n  worker is not ready\n")
    for name in ("worker", "gateway"):
        assert re.search(rf"^{name} .* NO .*no answer in 4 s$", text.stdout, re.MULTILINE)
    assert re.search(r"^task-api .* yes ", text.stdout, re.MULTILINE)
    assert "dead letters 0" in text.stdout
    assert took < SECONDS / 2
    until_healthy(system.home)


def test_a_frozen_broker_is_said(system: System) -> None:
    until_healthy(system.home)
    with frozen(system.home, "rabbitmq"):
        code, shown = read_json(system.home)

    assert code == 1
    assert "the broker's queues cannot be read: no answer in 4 s" in shown["trouble"]
    assert shown["for_a_person"]["dead letters"] is None
    assert next(each for each in shown["processes"] if each["name"] == "task-api")["ready"]
    until_healthy(system.home)


def test_watching_keeps_one_picture_up_to_date_and_ends_with_what_it_showed_last(system: System) -> None:
    until_healthy(system.home)
    terminal, theirs = pty.openpty()
    command = [*COMMAND, "--watch"]
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment(system.home), stdout=theirs) as watching:
        os.close(theirs)
        try:
            seen = until_seen(terminal, ": healthy", b"")
            with frozen(system.home, "worker"):
                seen = until_seen(terminal, "worker is not ready", seen)
                watching.send_signal(signal.SIGINT)
                seen = until_seen(terminal, "\x1b[?1049l", seen)
                assert watching.wait(SECONDS) == 1
        finally:
            watching.kill()
            os.close(terminal)

    shown = seen.decode()
    assert shown.startswith("\x1b[?1049h\x1b[?25l\x1b[H")
    assert "\x1b[2J" not in shown


def until_seen(terminal: int, words: str, seen: bytes) -> bytes:
    deadline = time.monotonic() + SECONDS
    while words.encode() not in seen:
        readable, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        assert readable, seen.decode()
        seen += os.read(terminal, 65_536)
    return seen


def test_a_system_that_has_stopped_is_told_from_one_that_never_ran(tmp_path: Path) -> None:
    never = status(tmp_path, "--json")
    (tmp_path / "environment").write_text("TASKIFY_API_PORT='1'\n")
    stopped = status(tmp_path)

    assert (never.returncode, json.loads(never.stdout)["healthy"]) == (1, False)
    assert stopped.returncode == 1
    assert stopped.stdout.startswith(f"Taskify does not run on {tmp_path}: NOT HEALTHY\n")
    assert re.search(r"^task-api +1 +NO .*nobody listens$", stopped.stdout, re.MULTILINE)
