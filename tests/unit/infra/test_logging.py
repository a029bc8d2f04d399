import json
import logging
from collections.abc import Iterator
from uuid import uuid4

import pytest
import structlog

from infra.telemetry.logging import configure_logging, get_logger
from infra.telemetry.traceparent import under
from infra.telemetry.tracing import is_watched


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


class WhatSomebodyWroteError(Exception):
    pass


def failing(text: str) -> None:
    try:
        dict[str, str]()[text]
    except KeyError as error:
        raise WhatSomebodyWroteError(text) from error


@pytest.mark.parametrize("terminal", [True, False])
def test_of_an_error_its_kind_is_told_and_where_it_happened_and_never_its_text(
    capsys: pytest.CaptureFixture[str], *, terminal: bool
) -> None:
    configure_logging("test", "INFO", terminal=terminal)
    written = f"ann-{uuid4().hex}@example.com"

    try:
        failing(written)
    except WhatSomebodyWroteError as error:
        get_logger("test").exception("failed")
        logging.getLogger("another.library").exception("it failed", exc_info=error)
    group = ExceptionGroup(written, [WhatSomebodyWroteError(written), ValueError(written)])
    get_logger("test").error("failed_as_a_group", exc_info=group)

    said = capsys.readouterr().err
    assert written not in said
    assert "KeyError" in said
    assert "WhatSomebodyWroteError" in said
    assert "in failing" in said
    assert "ValueError" in said


def test_a_line_is_json_and_names_the_process_and_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("test", "INFO")

    with under("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"):
        get_logger("test").info("something_happened", count=3)
        logging.getLogger("another.library").warning("something else")
    get_logger("test").info("something_else_happened")

    first, second, third = map(json.loads, capsys.readouterr().err.splitlines())
    assert first.items() >= {"event": "something_happened", "count": 3, "process": "test", "level": "info"}.items()
    assert first["trace_id"] == second["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert "trace_id" not in third


def test_a_line_on_a_terminal_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("test", "INFO", terminal=True)

    get_logger("test").info("something_happened", count=3)

    (line,) = capsys.readouterr().err.splitlines()
    assert "something_happened" in line
    assert not line.startswith("{")


def test_a_line_of_debugging_is_written_only_when_it_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("test", "INFO")
    assert not is_watched()
    configure_logging("test", "DEBUG")
    assert is_watched()

    get_logger("another").debug("detail")
    logging.getLogger("another.library").debug("an address and a text")

    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "detail"
