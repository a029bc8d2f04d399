"""Errors in log lines: what kind, and where, never what they say."""

import traceback
from collections.abc import Iterator

import structlog

_DEPTH = 5
"""How many causes of an error are followed, and how deep groups of errors."""


def without_texts(exc_info: structlog.typing.ExcInfo) -> str:
    """Write a traceback whose errors are named by their kind: a formatter of structlog.

    The text of an error may repeat a row, a header or a body; the lines of code that are shown are our own.
    """
    return "\n".join(_lines(exc_info[1], _DEPTH))


def kind_of(error: BaseException) -> str:
    """Name an error by its class, and one of the database by its SQLSTATE too."""
    state = getattr(error, "sqlstate", None) or getattr(getattr(error, "orig", None), "sqlstate", None)
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return f"{name} (SQLSTATE {state})" if state else name


def _lines(error: BaseException, depth: int) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and depth:
        yield from _lines(cause, depth - 1)
        yield "which led to:"
    if error.__traceback__ is not None:
        yield from "".join(traceback.format_tb(error.__traceback__)).splitlines()
    yield kind_of(error)
    if isinstance(error, BaseExceptionGroup) and depth:
        for number, inner in enumerate(error.exceptions, start=1):
            yield f"error {number} of {len(error.exceptions)}:"
            yield from _lines(inner, depth - 1)
