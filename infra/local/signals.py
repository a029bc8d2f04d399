"""Ctrl-C, SIGTERM and SIGHUP ask the launcher to stop; the first counts, and stopping is not interrupted."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequestedError(BaseException):
    """Somebody asked the launcher to stop."""


@contextlib.contextmanager
def stop_on_signals() -> Iterator[None]:
    """Raise `StopRequestedError` in the block at the first signal; afterwards all of them are ignored."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        _ignore()
        raise StopRequestedError

    for number in _SIGNALS:
        signal.signal(number, ask)
    try:
        yield
    finally:
        _ignore()


def _ignore() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
