"""Structured logs: one line for each outcome, on standard error. JSON, or plain text where that is a terminal."""

import logging
import sys

import structlog

from infra.telemetry.errors import without_texts
from infra.telemetry.traceparent import add_trace_id

_TELL_OF_LOST_CONNECTIONS = ("aio_pika", "aiormq")
"""These write a traceback for each channel of a connection that is lost; whoever owns it says the same in a line."""


def configure_logging(process: str, level: str, *, terminal: bool | None = None) -> None:
    """Send our own log lines and those of libraries to standard error, each naming the process and, if any, the trace.

    `terminal` says whether people read them there as they come; None looks. Libraries speak from WARNING on, since
    their information lines may hold addresses and message texts. Of an error its kind is told and where it happened,
    never its text, which may repeat what somebody wrote.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        add_trace_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(without_texts),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(terminal=sys.stderr.isatty() if terminal is None else terminal),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    quiet_broker_libraries()
    logging.getLogger("taskify").setLevel(level)
    structlog.contextvars.bind_contextvars(process=process)


def quiet_broker_libraries() -> None:
    """Keep the broker's client libraries from telling of lost connections, of which their owners tell."""
    for name in _TELL_OF_LOST_CONNECTIONS:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Give the logger of a component; its lines are `event` and fields, never a formatted sentence."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(f"taskify.{name}")
    return logger


def _renderer(*, terminal: bool) -> structlog.typing.Processor:
    if not terminal:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
