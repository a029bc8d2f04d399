import logging
from collections.abc import Iterator

import pytest
import structlog

from infra.telemetry.logging import configure_logging


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    levels = {name: logging.getLogger(name).level for name in ("aio_pika", "aiormq", "taskify")}
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_a_lost_connection_to_the_broker_is_told_by_its_owner_and_not_by_the_libraries(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("test", "INFO")

    logging.getLogger("aiormq.connection").warning("Cancelling cause reader exited abnormally")
    logging.getLogger("aio_pika.tools").error("Callback error")
    logging.getLogger("another.library").warning("something else")

    said = capsys.readouterr().err
    assert "something else" in said
    assert "Cancelling" not in said
    assert "Callback" not in said


def test_libraries_speak_from_warnings_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("test", "INFO")

    logging.getLogger("another.library").info("an address and a text")
    logging.getLogger("another.library").warning("something is wrong")

    said = capsys.readouterr().err
    assert "an address" not in said
    assert "something is wrong" in said
