"""Which change is worked on right now, as the `traceparent` of W3C Trace Context, level 1.

Its form is `00-<trace id>-<span id>-<flags>` in lower-case hexadecimal digits; flag 01 says that the trace is sampled.
"""

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

import structlog

_FORM = r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
_WHOLE = re.compile(_FORM)
_IN_JSON = re.compile(rf'"traceparent":\s?"({_FORM})"')
"""A quote inside a string of JSON is escaped, so that no text of anybody looks like this."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_TRACE_ID = slice(3, 35)
_SAMPLED = 1

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)
_of_events: ContextVar[Mapping[str, str | None]] = ContextVar("traceparents of events", default=MappingProxyType({}))


def current_traceparent() -> str | None:
    """Give the span below which whatever is done now belongs; None outside of any."""
    return _current.get()


def current_trace_id() -> str | None:
    """Give the id of the trace that whatever is done now belongs to."""
    return trace_id_of(_current.get())


def new_traceparent() -> str:
    """Begin a trace that nobody records: only its id is used."""
    return f"00-{random.getrandbits(128) or 1:032x}-{random.getrandbits(64) or 1:016x}-00"


def valid_traceparent(text: str | None) -> str | None:
    """Give a `traceparent` that came from outside; None for one that is none, or of a version that is not known."""
    return text if text is not None and _WHOLE.fullmatch(text) else None


def trace_id_of(traceparent: str | None) -> str | None:
    """Give the id of a trace; None for what is no `traceparent`."""
    return None if valid_traceparent(traceparent) is None or traceparent is None else traceparent[_TRACE_ID]


def is_sampled(traceparent: str | None) -> bool:
    """Say whether somebody records this trace."""
    return traceparent is not None and bool(int(traceparent[-2:], 16) & _SAMPLED)


def traceparents_in(body: str | bytes) -> tuple[str, ...]:
    """Find the traces in a message, each once, without reading the rest of it."""
    text = body if isinstance(body, str) else body.decode(errors="replace")
    return tuple(dict.fromkeys(_IN_JSON.findall(text)))


def traceparent_in(body: str | bytes) -> str | None:
    """Find the first of the traces in a message."""
    return next(iter(traceparents_in(body)), None)


@contextmanager
def under(traceparent: str | None) -> Iterator[None]:
    """Let what is done in this block, and logged, belong to a span."""
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def events_under(traceparents: Mapping[str, str | None]) -> Iterator[None]:
    """Let what is done in this block for an event, named by its id, belong to a span; many events are done at once."""
    token = _of_events.set(traceparents)
    try:
        yield
    finally:
        _of_events.reset(token)


def traceparent_of_event(event_id: str) -> str | None:
    """Give the span below which the work for an event of the batch under way belongs."""
    return _of_events.get().get(event_id)


def harmless_id(text: str) -> str | None:
    """Give an id that may be told; what another service takes for an id may be anything, so only UUIDs are."""
    return text if _UUID.fullmatch(text) else None


def add_trace_id(
    _: structlog.typing.WrappedLogger, __: str, event_dict: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Name the trace in a log line: a processor of structlog."""
    trace_id = current_trace_id()
    if trace_id is not None:
        event_dict.setdefault("trace_id", trace_id)
    return event_dict
