"""A line on the terminal for each step, with the time that it took. Standard library only: the set-up uses it too."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

_WIDTH = 34


class Step:
    """`note` is shown behind the time when the step is done."""

    note: str = ""


@contextlib.contextmanager
def step(what: str) -> Iterator[Step]:
    """Show what is being done, then how long it took; say `failed` when it raises."""
    sys.stdout.write(f"  {what:<{_WIDTH}} ")
    sys.stdout.flush()
    begin = time.monotonic()
    current = Step()
    try:
        yield current
    except BaseException:
        sys.stdout.write("failed\n")
        sys.stdout.flush()
        raise
    sys.stdout.write(f"{time.monotonic() - begin:5.1f} s  {current.note}".rstrip() + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """Show a line that is no step."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
