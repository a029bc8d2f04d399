"""What it costs to have the test kit installed."""

import subprocess
import sys

import taskify_testkit
from contracts.testkit.generate import DATA

HEAVY = ("httpx", "aio_pika", "websockets", "jsonschema", "testcontainers", "docker")


def test_the_plugin_brings_nothing_before_a_fixture_is_asked_for() -> None:
    code = f"import sys, taskify_testkit.plugin; print([name for name in {HEAVY} if name in sys.modules])"

    said = subprocess.check_output([sys.executable, "-c", code], text=True, env={"PYTHONPATH": str(DATA.parents[1])})

    assert said.strip() == "[]"


def test_everything_that_the_package_names_is_there() -> None:
    assert all(getattr(taskify_testkit, name).__name__ == name for name in taskify_testkit.__all__)
