"""One launcher at a time works on a TASKIFY_HOME."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from infra.local.errors import AlreadyRunningError, LaunchError


@contextlib.contextmanager
def only_launcher(home: Path) -> Iterator[None]:
    """Hold the folder until the end; the kernel lets go of it when we are killed.

    Raises:
        AlreadyRunningError: another launcher holds it.
        LaunchError: the folder cannot be made or written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        file = (home / "lock").open("a+")
    except OSError as error:
        raise LaunchError(f"TASKIFY_HOME={home} cannot be used: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise AlreadyRunningError(
                f"Taskify already runs on {home} (process {holder}). Stop it, or set TASKIFY_HOME to another folder."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def is_held(home: Path) -> bool:
    """Whether a launcher works on the folder now."""
    try:
        with (home / "lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
