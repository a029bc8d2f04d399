"""Keep this process attached to one queue, which delivers to one consumer at a time."""

import asyncio
import time
from collections.abc import Sequence

from infra.backoff import full_jitter
from infra.consuming.connection import TROUBLE, Connection, connected
from infra.consuming.lane import Handle
from infra.telemetry.logging import get_logger
from infra.waiting import any_set

_BACKOFF_SECONDS = 0.1
_BACKOFF_CAP_SECONDS = 5.0

_STEADY_SECONDS = 5.0
"""A connection that lasted this long was a good one: the next loss starts the backoff anew."""

_LOOK_SECONDS = 1.0
"""How soon it is noticed that the broker has closed the channel and not the connection."""

_PREFETCH = 10

log = get_logger("consuming")


class NotAttachedError(Exception):
    """This process does not consume from its queue."""


class SingleQueue:
    """`run` is a service of `infra.lifecycle`, `check` is for readiness; `name` is what the broker shows of it."""

    def __init__(self, urls: Sequence[str], name: str, queue: str, handle: Handle) -> None:
        self._urls = tuple(urls)
        self._name = name
        self._queue = queue
        self._handle = handle
        self._connection: Connection | None = None
        self._trouble = "not connected yet"

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until the stop, over a new connection whenever one is lost."""
        pauses = full_jitter(_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS)
        while not stop.is_set():
            opened_at = time.monotonic()
            try:
                async with connected(self._urls, self._name, (self._queue,), self._handle, _PREFETCH) as connection:
                    self._connection = connection
                    await _hold(connection, stop)
                self._trouble = "the connection was lost"
            except TROUBLE as error:
                self._trouble = str(error) or type(error).__name__
            finally:
                self._connection = None
            if not stop.is_set():
                log.warning("broker_away", connection=self._name, error=self._trouble)
            if time.monotonic() - opened_at > _STEADY_SECONDS:
                pauses = full_jitter(_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS)
            await any_set(stop, seconds=next(pauses))

    async def check(self) -> None:
        """Fail unless the broker counts us among the queue's consumers.

        Raises:
            NotAttachedError: says why.
        """
        if self._connection is None:
            raise NotAttachedError(self._trouble)
        (lane,) = self._connection.lanes
        if not await lane.is_attached():
            raise NotAttachedError(f"no consumer on {self._queue}")


async def _hold(connection: Connection, stop: asyncio.Event) -> None:
    """Stay attached until the connection is lost or the stop."""
    (lane,) = connection.lanes
    while not stop.is_set() and not connection.lost.is_set():
        if not await lane.is_attached():
            await lane.let_go()
            await lane.attach()
        await any_set(stop, connection.lost, seconds=_LOOK_SECONDS)
