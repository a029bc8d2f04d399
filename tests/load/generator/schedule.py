"""Sending at given moments, whatever became of what was sent before: stalls count (no coordinated omission)."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any


async def on_schedule(count: int, a_second: float, send: Callable[[int, float], Coroutine[Any, Any, None]]) -> None:
    """Call `send(number, due)` so many times a second, each in a task; `due` is wall-clock time. Wait for all."""
    start = time.time()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            due = start + number / a_second
            wait = due - time.time()
            if wait > 0:
                await asyncio.sleep(wait)
            group.create_task(send(number, due))
