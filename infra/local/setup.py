"""Everything that `make up`, `make check` and `make test` need: `python3 -m infra.local.setup up|check|test`.

Run by the machine's own Python, with the standard library only. Each step is done when its input has changed, and says
so; a set-up that has nothing to do says nothing and takes a tenth of a second.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.local.logged import LOG, REPOSITORY, SetUpError, fingerprint, is_done, run
from infra.local.node import install_node, install_packages
from infra.local.page import WEB, build_page
from infra.local.prometheus import install_prometheus
from infra.local.steps import say, step

_VENV = REPOSITORY / ".venv"
_PYTHON = _VENV / "bin" / "python"
_REQUIREMENTS = REPOSITORY / "requirements"

_LOCKS = {"up": ("runtime",), "check": ("runtime", "develop"), "test": ("runtime", "develop")}

# Debian packages, each with the programs that show that it is there.
_RABBITMQ = ("rabbitmq-server", ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/rabbitmq/sbin/rabbitmq-server"))
_CHROMIUM = ("chromium", ("chromium", "chromium-browser", "google-chrome"))
_AMQP_TOOLS = ("amqp-tools", ("amqp-publish",))
_PACKAGES = {"up": (_RABBITMQ,), "check": (), "test": (_RABBITMQ, _CHROMIUM, _AMQP_TOOLS)}

# Folders with a package.json, each with what its packages are called.
_PAGE = (WEB, "The page's packages")
_CONTRACT_TOOLS = (REPOSITORY / "contracts" / "tools", "The packages that check the contracts")
_NODE_SENDER = (REPOSITORY / "examples" / "node-sender", "The packages of the example in Node.js")
_NODE_PACKAGES = {
    "up": (_PAGE,),
    "check": (_PAGE, _CONTRACT_TOOLS),
    "test": (_PAGE, _CONTRACT_TOOLS, _NODE_SENDER),
}

_NO_SERVICES = Path("/usr/sbin/policy-rc.d")


def set_up(purpose: str) -> None:
    """Bring the machine to what the purpose needs.

    Raises:
        SetUpError: a step failed, or needs what only the person at the machine can do.
    """
    _install_debian(purpose)
    _make_venv()
    for name in _LOCKS[purpose]:
        _install_lock(name)
    install_node(_PYTHON)
    for folder, what in _NODE_PACKAGES[purpose]:
        install_packages(folder, what)
    if purpose == "test":
        install_prometheus()
    if purpose != "check":
        build_page()


def _make_venv() -> None:
    wanted = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if _PYTHON.exists() and _version_of_venv() == wanted:
        return
    with step(f"Python environment ({wanted})"):
        try:
            run([sys.executable, "-m", "venv", "--clear", _VENV])
        except SetUpError as error:
            # Debian keeps the module that installs pip in a package of its own.
            if os.geteuid() != 0 or not shutil.which("apt-get"):
                raise SetUpError(f"{error}\nOn Debian: apt-get install python3-venv") from error
            _apt_get("python3-venv")
            run([sys.executable, "-m", "venv", "--clear", _VENV])


def _version_of_venv() -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([_PYTHON, "-c", code], capture_output=True, text=True, check=False).stdout.strip()


def _install_lock(name: str) -> None:
    lock = _REQUIREMENTS / f"{name}.lock"
    stamp = _VENV / f".taskify-{name}"
    wanted = fingerprint(lock)
    if is_done(stamp, wanted):
        return
    with step(f"Python packages ({name})"):
        run([_PYTHON, "-m", "pip", "--no-input", "install", "--require-hashes", "-r", lock])
    stamp.write_text(wanted)


def _install_debian(purpose: str) -> None:
    missing = [name for name, programs in _PACKAGES[purpose] if not any(shutil.which(program) for program in programs)]
    if not missing:
        return
    names = " ".join(missing)
    if not shutil.which("apt-get"):
        raise SetUpError(f"Missing: {names}. Install it with your system's package manager, then try again.")
    if os.geteuid() != 0:
        raise SetUpError(f"Missing: {names}. Install it with: sudo apt-get install {names}")
    say(f"  {names} missing: installing with apt-get, as this is root")
    with step(f"apt-get install {names}"):
        _apt_get(*missing)


def _apt_get(*packages: str) -> None:
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-q"], environment=environment)
    ours = not _NO_SERVICES.exists()
    if ours:
        # Debian starts a server that it installs, unless this says no. Ours runs as a private node.
        _NO_SERVICES.write_text("#!/bin/sh\nexit 101\n")
        _NO_SERVICES.chmod(0o755)
    try:
        command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
        run(command, environment=environment)
    finally:
        if ours:
            _NO_SERVICES.unlink(missing_ok=True)


def main() -> int:
    """Do the set-up for the purpose on the command line; a failure is one message."""
    purposes = tuple(_LOCKS)
    if sys.argv[1:2] == [] or sys.argv[1] not in purposes:
        sys.stderr.write(f"usage: python3 -m infra.local.setup {'|'.join(purposes)}\n")
        return 2
    try:
        LOG.parent.mkdir(exist_ok=True)
        with (LOG.parent / "setup.lock").open("w") as lock:
            # Two targets at once would install over each other; the second waits for the first.
            fcntl.flock(lock, fcntl.LOCK_EX)
            set_up(sys.argv[1])
    except SetUpError as error:
        sys.stderr.write(f"{error}\n")
    except PermissionError as error:
        sys.stderr.write(f"{error.filename} cannot be written. Does the checkout belong to another user?\n")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
