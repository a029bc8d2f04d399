"""Rules about the code itself that no linter knows."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("contracts", "infra", "task_service", "notification_worker", "ws_gateway")
PRODUCT_LINES = 300
TEST_LINES = 400


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_of_the_product_is_longer_than_a_sitting(package: str) -> None:
    too_long = {str(path.relative_to(ROOT)) for path in python_files(package) if lines_of(path) > PRODUCT_LINES}

    assert too_long == set()


def test_no_test_module_is_too_long() -> None:
    assert {str(path.relative_to(ROOT)) for path in python_files("tests") if lines_of(path) > TEST_LINES} == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_every_module_needs_no_environment_and_opens_nothing(package: str) -> None:
    """A fresh interpreter without any setting imports all of it, and ends with no socket open."""
    names = [
        module.name
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}.")
        if not module.name.endswith("__main__") and ".migrations" not in module.name
    ]
    script = (
        f"import importlib, psutil\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"assert not psutil.Process().net_connections(), psutil.Process().net_connections()\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_no_name_says_nothing() -> None:
    """`utils` and its like collect what nobody has placed."""
    empty_words = {"utils", "util", "helpers", "helper", "common", "manager", "base", "core", "misc"}

    assert {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in python_files(package)
        if path.stem in empty_words
    } == set()


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())
