"""What the test kit says when Taskify cannot be started, and that nothing is left behind."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from taskify_testkit.containers import started
from taskify_testkit.errors import NotStartedError
from taskify_testkit.settings import Images

SECONDS = 60
GIVEN = {"taskify": "postgres:17", "postgres": "postgres:17", "rabbitmq": "rabbitmq:4-management"}
"""None of these tests comes to the start of Taskify itself."""


def left() -> set[str]:
    """Give the containers and networks that testcontainers has made."""
    docker, label = shutil.which("docker"), "label=org.testcontainers"
    assert docker is not None
    containers = subprocess.check_output([docker, "ps", "--all", "--quiet", "--filter", label], text=True)
    networks = subprocess.check_output([docker, "network", "ls", "--quiet", "--filter", label], text=True)
    return {*containers.split(), *networks.split()}


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    before = left()
    yield
    assert left() - before == set()


def failure(*, seconds: float = SECONDS, **images: str) -> str:
    with pytest.raises(NotStartedError) as raised, started(Images(start_seconds=seconds, **{**GIVEN, **images})):
        pass
    return str(raised.value)


def test_an_image_that_is_not_there_is_named_before_anything_is_started() -> None:
    told = failure(taskify="localhost:1/taskify:unknown")

    assert told.startswith(
        "Taskify's image 'localhost:1/taskify:unknown' is not on this machine and cannot be pulled: "
    )


def test_a_container_that_ends_is_told_of_with_the_end_of_its_log() -> None:
    told = failure(rabbitmq="postgres:17")

    assert told.startswith(
        "the container of RabbitMQ (postgres:17) ended while it was starting. Its log ends with:\n  "
    )
    assert "superuser password is not specified" in told


def test_a_container_that_is_not_ready_in_time_is_told_of_with_the_end_of_its_log() -> None:
    told = failure(seconds=0)

    assert told.startswith("the container of PostgreSQL (postgres:17) was not ready within 0 s. Its log ")


def test_an_image_that_is_another_s_does_not_start() -> None:
    told = failure(taskify="python:3.13-slim")

    assert told.startswith("the container engine does not do what is asked: ")
    assert "infra.local" in told
