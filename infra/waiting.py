"""Waiting for the first of several things, with a bound."""

import asyncio


async def any_set(*events: asyncio.Event, seconds: float | None = None) -> bool:
    """Wait until one of the events is set, for `seconds` at most; say whether one is."""
    if not any(event.is_set() for event in events):
        async with asyncio.TaskGroup() as group:
            waiting = [group.create_task(event.wait()) for event in events]
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()
    return any(event.is_set() for event in events)
