"""How the garbage collector is kept from stopping the gateway.

A full collection looks at every object that is alive. A connection has about 75 of them, so 5,000 connections cost a
pause of 0.2 s, in which nobody gets anything. And it finds nothing: connections free themselves when they end, by
reference count, even those that break off. So collections of young objects go on as ever, and full ones are rare.
"""

import asyncio
import gc
import time

from infra.telemetry.logging import get_logger
from infra.waiting import any_set

log = get_logger("garbage")

_YOUNG_OBJECTS = 10_000
_YOUNG_COLLECTIONS = 20
_NEVER = 1_000_000_000

FULL_COLLECTION_SECONDS = 3600.0


class GarbagePolicy:
    async def run(self, stop: asyncio.Event) -> None:
        """Keep what was imported out of every collection, and collect fully every `FULL_COLLECTION_SECONDS`."""
        thresholds = gc.get_threshold()
        gc.collect()
        gc.freeze()
        gc.set_threshold(_YOUNG_OBJECTS, _YOUNG_COLLECTIONS, _NEVER)
        try:
            while not await any_set(stop, seconds=FULL_COLLECTION_SECONDS):
                started = time.perf_counter()
                freed = gc.collect()
                log.info("garbage_collected", freed=freed, seconds=round(time.perf_counter() - started, 3))
        finally:
            gc.set_threshold(*thresholds)
            gc.unfreeze()
