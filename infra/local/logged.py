"""Run the programs of the set-up with their chatter in a log, and remember what is done. Standard library only."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LOG = REPOSITORY / "build" / "setup.log"

_LOG_LINES = 25


class SetUpError(Exception):
    """The set-up cannot go on; the message says what to do."""


def run(
    command: Iterable[str | Path], *, folder: Path = REPOSITORY, environment: Mapping[str, str] | None = None
) -> None:
    """Run a program to its end, with its output in `build/setup.log`.

    Raises:
        SetUpError: it failed; the message has the end of its output.
    """
    words = [str(word) for word in command]
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(words)}\n".encode())
        log.flush()
        begin = log.tell()
        try:
            code = subprocess.run(
                words,
                cwd=folder,
                env={**inherited_environment(), **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        except OSError as error:
            raise SetUpError(f"{words[0]} cannot be run: {error.strerror}.") from error
    if code != 0:
        with LOG.open("rb") as log:
            log.seek(begin)
            lines = log.read().decode(errors="replace").splitlines()[-_LOG_LINES:]
        output = "\n".join(f"    {line}" for line in lines)
        raise SetUpError(f"`{' '.join(words)}` failed (exit code {code}). The end of {LOG}:\n{output}")


def inherited_environment() -> dict[str, str]:
    """Give a copy of our own environment, to start programs with."""
    return dict(os.environ)  # noqa: TID251 (handed on whole, not read)


def fingerprint(*paths: Path) -> str:
    """Make a short text that differs when a file of these, or below these folders, differs; and with our Python."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {sys.platform}".encode())
    for path in paths:
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        for file in files:
            digest.update(f"{file.relative_to(REPOSITORY)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def is_done(stamp: Path, expected: str) -> bool:
    """Whether a step was done with these inputs."""
    return stamp.is_file() and stamp.read_text() == expected
