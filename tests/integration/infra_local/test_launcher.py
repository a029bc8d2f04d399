"""`python -m infra.local up` says in one message what is wrong, ends non-zero, and leaves nothing running."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.leftovers import running
from infra.local.ports import free_ports
from infra.local.settings import REPOSITORY

_SECONDS = 60
_PORTS = ("API", "NOTIFICATIONS", "SOCKET", "TASK_RELAY", "WORKER", "NOTIFICATION_RELAY")


@pytest.fixture
def home(server_folder: Path, tmp_path: Path) -> Path:
    # Not in pytest's own folder, which is closed to others: PostgreSQL has a user of its own when we are root.
    folder = server_folder / tmp_path.name
    folder.mkdir()
    return folder


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    ports = {f"TASKIFY_{name}_PORT": str(port) for name, port in zip(_PORTS, free_ports(len(_PORTS)), strict=True)}
    return {"PATH": os.defpath + ":/usr/sbin", "TASKIFY_HOME": str(home), **ports}


def local(command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.local", command],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def until_started(name: str, home: Path, launcher: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + _SECONDS
    while name not in [process.name for process in running(home)]:
        assert launcher.poll() is None, "the launcher ended early"
        assert time.monotonic() < deadline, f"{name} was not started in time"
        time.sleep(0.02)


@pytest.fixture
def starting(environment: dict[str, str], home: Path) -> Iterator[subprocess.Popen[str]]:
    """A launcher that has started its PostgreSQL and is busy with RabbitMQ."""
    with subprocess.Popen(
        [sys.executable, "-m", "infra.local", "up"],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as launcher:
        try:
            until_started("rabbitmq", home, launcher)
            yield launcher
        finally:
            launcher.send_signal(signal.SIGTERM)


def test_taken_port_is_named_with_its_variable(environment: dict[str, str], home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = local("up", environment | {"TASKIFY_WORKER_PORT": str(port)})
    assert result.returncode == 1
    assert result.stderr == (
        f"Port {port} of 127.0.0.1 is taken by another program. Set TASKIFY_WORKER_PORT to another one.\n"
    )
    assert not running(home)


def test_port_given_twice_is_refused(environment: dict[str, str]) -> None:
    result = local("up", environment | {"TASKIFY_WORKER_PORT": environment["TASKIFY_API_PORT"]})
    assert result.returncode == 1
    assert "more than one process" in result.stderr


def test_setting_that_is_no_port_is_named(environment: dict[str, str]) -> None:
    result = local("up", environment | {"TASKIFY_API_PORT": "eighty"})
    assert result.returncode == 1
    assert result.stderr.startswith("TASKIFY_API_PORT: ")


def test_folder_that_is_no_database_is_said_in_one_line(environment: dict[str, str], home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "secrets.json").write_text('{"postgres": "x", "roles": {}, "broker": {}}')
    result = local("up", environment)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "is not a database folder" in result.stderr
    assert "make reset" in result.stderr
    assert not running(home)


def test_damaged_database_is_said_with_the_end_of_its_log(environment: dict[str, str], home: Path) -> None:
    (home / "postgres").mkdir(mode=0o700)
    (home / "postgres" / "PG_VERSION").write_text("18\n")
    (home / "secrets.json").write_text('{"postgres": "x", "roles": {}, "broker": {}}')
    result = local("up", environment)
    assert result.returncode == 1
    assert result.stderr.startswith(f"PostgreSQL does not start on {home / 'postgres'}. `make reset` drops all data")
    assert not running(home)


def test_lost_passwords_are_said(environment: dict[str, str], home: Path) -> None:
    (home / "postgres").mkdir()
    result = local("up", environment)
    assert result.returncode == 1
    assert "secrets.json is gone" in result.stderr


def test_home_that_cannot_be_a_folder_is_said(environment: dict[str, str], home: Path) -> None:
    (home / "file").touch()
    result = local("up", environment | {"TASKIFY_HOME": str(home / "file")})
    assert result.returncode == 1
    assert "cannot be used" in result.stderr


def test_reset_drops_what_is_ours_and_nothing_else(environment: dict[str, str], home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").touch()
    (home / "secrets.json").touch()
    (home / "notes.txt").touch()
    assert local("reset", environment).returncode == 0
    assert {path.name for path in home.iterdir()} == {"lock", "notes.txt"}


def test_status_says_that_nothing_runs(environment: dict[str, str], home: Path) -> None:
    result = local("status", environment)
    assert (result.returncode, result.stdout) == (1, f"Taskify does not run on {home}.\n")


def test_second_launcher_is_refused_and_a_stop_ends_everything(
    environment: dict[str, str], home: Path, starting: subprocess.Popen[str]
) -> None:
    # It must not be ready before the others have been refused.
    broker = next(process.pid for process in running(home) if process.name == "rabbitmq")
    os.killpg(broker, signal.SIGSTOP)
    for command in ("up", "reset"):
        second = local(command, environment)
        assert second.returncode == 1
        assert f"already runs on {home} (process {starting.pid})" in second.stderr
    shown = local("status", environment)
    assert (shown.returncode, shown.stdout) == (1, f"Taskify starts on {home}.\n")
    os.killpg(broker, signal.SIGCONT)
    started = running(home)
    assert {process.name for process in started} >= {"postgres", "epmd", "rabbitmq"}
    starting.send_signal(signal.SIGINT)
    output, errors = starting.communicate(timeout=_SECONDS)
    assert starting.returncode == 130, errors
    assert "Stopped before it was ready." in output
    assert not any(process.running for process in started)


def test_killed_launcher_leaves_nothing_that_a_next_one_does_not_stop(
    environment: dict[str, str], home: Path, starting: subprocess.Popen[str]
) -> None:
    started = running(home)
    starting.kill()
    starting.wait(_SECONDS)
    assert local("reset", environment).returncode == 0
    assert not any(process.running for process in started)
