"""What the test kit says where no container can be started."""

import gc
from pathlib import Path

import pytest

from taskify_testkit import NotStartedError
from taskify_testkit.containers import started
from taskify_testkit.settings import Images


def test_an_engine_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left open either: this would be a warning, and warnings are errors here."""
    nowhere = f"unix://{tmp_path}/docker.sock"
    monkeypatch.setenv("DOCKER_HOST", nowhere)

    with (
        pytest.raises(NotStartedError) as raised,
        started(Images("taskify:latest", "postgres:17", "rabbitmq:4-management", 1)),
    ):
        pass

    gc.collect()
    assert str(raised.value).startswith(f"no container engine answers at {nowhere}; is it running?")
