"""What is installed is what was looked at: every dependency is locked to one version, by its hash."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.lock"))
PACKAGES = [ROOT / "web" / "package-lock.json", ROOT / "contracts" / "tools" / "package-lock.json"]
LOCKED = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==[^\s;]+( ; [^\\\n]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+")
REVIEWED = (17, 4)
"""Of `websockets`, whose handling of handshakes and frames was looked at."""


def entries(lock: Path) -> list[str]:
    """Give each requirement with the lines that belong to it."""
    lines = [line for line in lock.read_text().splitlines() if not line.lstrip().startswith("#")]
    return re.split(r"\n(?=\S)", "\n".join(lines).strip())


@pytest.mark.parametrize("lock", REQUIREMENTS, ids=lambda lock: str(lock.stem))
def test_every_requirement_is_one_version_with_its_hashes(lock: Path) -> None:
    assert [entry for entry in entries(lock) if not LOCKED.fullmatch(entry)] == []


@pytest.mark.parametrize("lock", PACKAGES, ids=lambda lock: str(lock.parent.name))
def test_every_package_of_npm_is_locked_with_its_hash(lock: Path) -> None:
    packages = json.loads(lock.read_text())["packages"]

    assert len(packages) > 1
    assert [name for name, package in packages.items() if name and not package.get("integrity")] == []


def test_the_library_of_the_socket_is_no_older_than_was_reviewed() -> None:
    for lock in (ROOT / "requirements" / "services.lock", ROOT / "requirements" / "runtime.lock"):
        (found,) = [entry for entry in entries(lock) if entry.startswith("websockets==")]
        version = re.match(r"websockets==(\d+)\.(\d+)", found)
        assert version is not None
        assert tuple(map(int, version.groups())) >= REVIEWED
