"""The page's build. `python -m infra.local.page <script>…` runs scripts of its package.json.

Standard library only: the set-up uses it before anything is installed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from infra.local.logged import REPOSITORY, SetUpError, fingerprint, inherited_environment, is_done
from infra.local.node import npm, npm_logged
from infra.local.steps import step

WEB = REPOSITORY / "web"
BUILD = WEB / "dist"

# The stamp lies with what it speaks of: whoever removes it removes the stamp.
_BUILT = WEB / "node_modules" / ".taskify-built"
_NOT_SOURCES = {"node_modules", "dist"}


def build_page() -> None:
    """Build the page when one of its sources is not what the last build was made of."""
    sources = sorted(path for path in WEB.iterdir() if path.name not in _NOT_SOURCES and not _generated(path))
    wanted = fingerprint(*sources)
    if is_done(_BUILT, wanted) and (BUILD / "index.html").is_file():
        return
    with step("The page"):
        npm_logged(WEB, "run", "build")
    _BUILT.write_text(wanted)


def _generated(path: Path) -> bool:
    return path.suffix == ".tsbuildinfo"


def main() -> int:
    """Run scripts of the page one after the other; the first that fails gives the exit code."""
    words, environment = npm()
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
