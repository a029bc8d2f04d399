"""Spans, if traces are on. Every function here is a hook in somebody's way, and does nothing while they are off."""

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Protocol

from infra.telemetry.traceparent import is_sampled

STOP_SECONDS = 2.0

Attributes = Mapping[str, str | int | float]


class Kind(StrEnum):
    """What a span is, in OpenTelemetry's words."""

    SERVER = "SERVER"
    PRODUCER = "PRODUCER"
    CONSUMER = "CONSUMER"


class OpenSpan(Protocol):
    @property
    def traceparent(self) -> str:
        """Name the span, for what is done below it."""

    def end(self, attributes: Attributes, *, name: str | None = None, error: str | None = None) -> None:
        """Finish it; `error` is a kind of error, never its text."""


class Spans(Protocol):
    """Where spans go; see `infra.telemetry.spans`."""

    def begin(self, name: str, kind: Kind, parent: str | None, began_ns: int | None = None) -> OpenSpan:
        """Begin a span below another, or a trace."""

    def close(self) -> None:
        """Send what waits."""


_LINES = logging.getLogger("taskify")

_spans: Spans | None = None


def use(spans: Spans | None) -> None:
    """Let spans go somewhere from now on, or nowhere."""
    global _spans  # noqa: PLW0603 (like the log, of which there is one in a process)
    _spans = spans


def stop() -> None:
    """Send what waits, for `STOP_SECONDS` at most, and make no more spans."""
    spans = _spans
    use(None)
    if spans is not None:
        closing = threading.Thread(target=spans.close, name="traces", daemon=True)
        closing.start()
        closing.join(STOP_SECONDS)


def is_watched() -> bool:
    """Say whether anybody wants to know what becomes of one event: as a span, or as a log line at level DEBUG."""
    return _spans is not None or _LINES.isEnabledFor(logging.DEBUG)


def begin(name: str, kind: Kind, parent: str | None = None) -> OpenSpan | None:
    """Begin a span below another, or without one a trace of its own; None while traces are off."""
    return None if _spans is None else _spans.begin(name, kind, parent)


def record(name: str, kind: Kind, parents: Iterable[str], seconds: float, attributes: Attributes) -> None:
    """Make a span that ends now and lasted so long, below each of these spans that is sampled."""
    if _spans is None:
        return
    began_ns = time.time_ns() - int(seconds * 1e9)
    for parent in parents:
        if is_sampled(parent):
            _spans.begin(name, kind, parent, began_ns).end(attributes)


@contextmanager
def spans_to(spans: Spans) -> Iterator[None]:
    """Let spans go somewhere during this block; for tests and for whoever looks at one change."""
    before = _spans
    use(spans)
    try:
        yield
    finally:
        use(before)
