"""Run a server as an ordinary user when we are root: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from infra.local.errors import MissingProgramError

NAME = "taskify"


@dataclass(frozen=True, slots=True)
class SystemUser:
    """`run_as` are arguments of `setpriv`; empty when we are not root and stay who we are."""

    run_as: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        """Give a file or folder to the user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def server_user(needed: Iterable[Path]) -> SystemUser:
    """Choose the user of the server: ourselves, or as root the system user `taskify`, which is made if missing.

    When the user could not pass to the `needed` paths (a checkout below `/root`, which is closed), the server keeps
    the one capability to pass, and no folder's mode is changed.
    """
    if os.geteuid() != 0:
        return SystemUser()
    if shutil.which("setpriv") is None:
        raise MissingProgramError("PostgreSQL cannot run as root, and setpriv (util-linux) is missing. Install it.")
    entry = _ensure_user()
    run_as = [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    if not all(_open_to_others(path) for path in needed):
        run_as += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return SystemUser(tuple(run_as), entry.pw_uid, entry.pw_gid)


def _ensure_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        pass
    # Root's own folders, also when our PATH is an ordinary user's.
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin") or "useradd"
    command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise MissingProgramError(
            f"PostgreSQL cannot run as root, and the system user {NAME} could not be made: {error}. "
            "Run this as an ordinary user, or make that user."
        ) from error
    return pwd.getpwnam(NAME)


def _open_to_others(path: Path) -> bool:
    """Whether everybody may pass through all folders above a path."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)
