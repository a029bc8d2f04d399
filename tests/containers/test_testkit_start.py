"""What the test kit says when Taskify cannot be started, and that nothing is left behind."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from docker.errors import APIError
from testcontainers.core.network import Network

from taskify_testkit.containers import _Part, started
from taskify_testkit.errors import NotStartedError
from taskify_testkit.settings import Images

SECONDS = 300
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
    assert told.endswith("-> build it with `make images` in a checkout of Taskify, or name one by TASKIFY_IMAGE")


def test_a_container_that_ends_is_told_of_with_the_end_of_its_log() -> None:
    told = failure(rabbitmq="postgres:17")

    assert told.startswith(
        "the container of RabbitMQ (postgres:17) ended while it was starting. Its log ends with:\n  "
    )
    assert "superuser password is not specified" in told


@pytest.mark.parametrize("error", [APIError("it does not run"), ConnectionError("no port"), RuntimeError("no address")])
def test_a_container_that_ends_while_it_is_asked_is_told_of_with_the_end_of_its_log(error: Exception) -> None:
    with Network() as network:
        part = _Part("Taskify", "postgres:17", network, "taskify", {}, 8000)

        def asked() -> bool:
            part.container.get_wrapped_container().wait(timeout=SECONDS)
            raise error

        with part.running("sh", "-c", "echo a bad setting; exit 3"):
            with pytest.raises(NotStartedError, match=r"ended while it was starting(?s:.*)\n  a bad setting"):
                part.wait(asked, SECONDS)
            assert part.ended() == (
                "the container of Taskify (postgres:17) has ended. Its log ends with:\n  a bad setting"
            )
            assert part.log(1) == "a bad setting\n"


def test_the_log_of_a_container_has_what_its_processes_write() -> None:
    with Network() as network:
        part = _Part("Taskify", "postgres:17", network, "taskify", {})
        part.log_files = "/tmp/*.log"  # noqa: S108 (in the container)
        with part.running("sh", "-c", "echo started; echo inside >/tmp/api.log; sleep 60"):
            part.wait(lambda: "inside" in part.log(5), SECONDS)

            assert part.log(5).startswith("started\n")
            assert part.ended() == ""


def test_a_container_that_is_not_ready_in_time_is_told_of_with_the_end_of_its_log() -> None:
    told = failure(seconds=0)

    assert told.startswith("the container of PostgreSQL (postgres:17) was not ready within 0 s. Its log ")


def test_an_image_that_is_another_s_does_not_start() -> None:
    told = failure(taskify="python:3.13-slim")

    assert told.startswith("the container engine does not do what is asked: ")
    assert "infra.local" in told
