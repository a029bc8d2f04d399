"""How the garbage collector is kept from stopping a process.

A full collection looks at every object that is alive. A connection of the gateway has about 75 of them, so 5,000
connections cost a pause of 0.2 s, in which nobody gets anything; and a worker that applies events makes young objects
so fast that a third of its time went into collections. Nearly all of them find nothing: what is done with frees itself
by reference count, connections that break off as well. So young objects are looked at seldom, and all objects rarely.
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

FULL_COLLECTION_SECONDS = 60.0
"""For processes that hold little: then a full collection takes some milliseconds."""

_FELT_SECONDS = 0.05


class GarbagePolicy:
    """`run` is a service of `infra.lifecycle`; it should start last, when all that stays has been made."""

    def __init__(self, full_collection_seconds: float = FULL_COLLECTION_SECONDS) -> None:
        self._full_collection_seconds = full_collection_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Keep what was imported out of every collection, and collect fully only from time to time."""
        thresholds = gc.get_threshold()
        gc.collect()
        gc.freeze()
        gc.set_threshold(_YOUNG_OBJECTS, _YOUNG_COLLECTIONS, _NEVER)
        try:
            while not await any_set(stop, seconds=self._full_collection_seconds):
                started = time.perf_counter()
                freed = gc.collect()
                if (seconds := time.perf_counter() - started) > _FELT_SECONDS:
                    log.info("garbage_collected", freed=freed, seconds=round(seconds, 3))
        finally:
            gc.set_threshold(*thresholds)
            gc.unfreeze()
