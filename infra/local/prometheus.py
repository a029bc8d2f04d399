"""`promtool` and `prometheus`, which test the alert rules: the machine's own, or Debian's in the Python environment.

Only the two programs are taken out of Debian's package. Installing it would add a service that starts with the machine.
Standard library only: the set-up uses it before anything is installed.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from infra.local.logged import REPOSITORY, SetUpError, run
from infra.local.steps import step

PROGRAMS = ("promtool", "prometheus")

_PACKAGE = "prometheus"
_OWN = REPOSITORY / ".venv" / "bin"


def program(name: str) -> str | None:
    """Give the path of one of the two programs, if there is one."""
    return shutil.which(name) or shutil.which(name, path=str(_OWN))


def install_prometheus() -> None:
    """Fetch both programs where one is missing; nothing is installed on the machine, and nothing is started.

    Raises:
        SetUpError: this is no Debian, or its package cannot be had.
    """
    if all(program(name) for name in PROGRAMS):
        return
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise SetUpError(f"Missing: {' and '.join(PROGRAMS)}. Install Prometheus 2.42 or newer, then try again.")
    with step("Prometheus' own tools"), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # As root, apt downloads as a user of its own.
        folder.chmod(0o777)
        _download(folder)
        (package,) = folder.glob(f"{_PACKAGE}_*.deb")
        run(["dpkg-deb", "--extract", package, folder / "content"])
        for each in PROGRAMS:
            shutil.copy2(folder / "content" / "usr" / "bin" / each, _OWN / each)


def _download(folder: Path) -> None:
    command = ["apt-get", "download", "-q", _PACKAGE]
    try:
        run(command, folder=folder)
    except SetUpError:
        # The lists may be old, or there may be none yet; only root may fetch them.
        try:
            run(["apt-get", "update", "-q"])
            run(command, folder=folder)
        except SetUpError as error:
            raise SetUpError(f"{error}\nInstall it yourself: sudo apt-get install {_PACKAGE}") from error
