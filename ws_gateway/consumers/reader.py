"""Keeps the stream being read, from the right place, for as long as the process runs."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aio_pika.abc import AbstractConnection

from infra.backoff import full_jitter
from infra.broker import BrokerAwayError
from infra.broker.connection import close, connect
from infra.telemetry.logging import get_logger
from ws_gateway.consumers.feed import Feed, StreamMessage, newest_offset
from ws_gateway.consumers.messages import Applier
from ws_gateway.hub.directory import Directory

log = get_logger("stream")

RESUME_SECONDS = 5.0
"""How long the message that was applied last may take to come again, before it is taken for gone."""

STALL_SECONDS = 15.0
"""How long the next message of the history may take to come, which the stream holds already."""

QUIET_SECONDS = 3.0
"""After so much silence the end of the stream is looked at. A consumer can hang although its connection is well:
RabbitMQ forgets one now and then whose copy of the stream was started anew."""

OVERDUE_SECONDS = 2.0
"""How long a message may take to come that others are shown already."""

LOOKS_IN_VAIN = 2

_BACKOFF_SECONDS = 0.2
_BACKOFF_CAP_SECONDS = 5.0
_STEP_SECONDS = 0.1
_SLICE_SECONDS = 0.01
"""For so long messages are applied in one go; then the sockets get their turn."""


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """`history_seconds`: how far back sessions that ended are looked for, the longest life of an access token."""

    history_seconds: float
    prefetch: int
    resync_spread_seconds: float


class StreamReader:
    def __init__(self, urls: Sequence[str], directory: Directory, options: ReaderOptions) -> None:
        self._urls = tuple(urls)
        self._directory = directory
        self._applier = Applier(directory)
        self.lag_seconds = self._applier.lag_seconds
        self.change_seconds = self._applier.change_seconds
        self._options = options
        self._applied: StreamMessage | None = None
        self._end: int | None = None
        self._missed = False
        self._resyncing: asyncio.Task[None] | None = None
        self._connected = False
        self._trouble = "not connected yet"
        self.is_read = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Read until the stop; after every loss again, on whichever address answers."""
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self._keep_reading(group))
            await stop.wait()
            reading.cancel()
            self._stop_resyncing()

    async def check_connection(self) -> None:
        """Fail unless there is a connection to the broker; for readiness.

        Raises:
            BrokerAwayError: there is none.
        """
        if not self._connected:
            raise BrokerAwayError(self._trouble)

    async def check_reading(self) -> None:
        """Fail unless the stream is being read and its history has been; for readiness.

        Raises:
            BrokerAwayError: it is not.
        """
        if not self.is_read.is_set():
            raise BrokerAwayError("the stream is not being read yet" if self._connected else self._trouble)

    async def _keep_reading(self, group: asyncio.TaskGroup) -> None:
        pauses = full_jitter(_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS)
        while True:
            try:
                await self._read_over_one_connection(group)
            except BrokerAwayError as error:
                self._trouble = str(error)
                log.warning("stream_lost", error=self._trouble)
            if self.is_read.is_set():
                self.is_read.clear()
                pauses = full_jitter(_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS)
            await asyncio.sleep(next(pauses))

    async def _read_over_one_connection(self, group: asyncio.TaskGroup) -> None:
        connection = await connect(self._urls, "ws-gateway")
        self._connected = True
        try:
            if self._applied is not None:
                async with Feed.open(connection, self._applied.offset, self._options.prefetch) as feed:
                    if await self._resume(feed, self._applied):
                        await self._read(feed, connection, group)
                log.warning("stream_not_resumable", offset=self._applied.offset)
                self._applied = None
            self._missed = True
            start = datetime.now(UTC) - timedelta(seconds=self._options.history_seconds)
            async with Feed.open(connection, start, self._options.prefetch) as feed:
                self._applied = await self._read_history(feed)
                await self._read(feed, connection, group)
        finally:
            self._connected = False
            await close(connection)

    async def _resume(self, feed: Feed, applied: StreamMessage) -> bool:
        """Check that the message that was applied last comes first; whatever else comes, something may be missing."""
        try:
            async with asyncio.timeout(RESUME_SECONDS):
                messages = await feed.batch()
        except TimeoutError:
            return False
        if messages[0].position != applied.position:
            return False
        await self._apply(messages[1:])
        await feed.acknowledge(messages)
        return True

    async def _read_history(self, feed: Feed) -> StreamMessage | None:
        """Read up to what was the end of the stream when we came, only for sessions that have ended."""
        last = await feed.last_offset()
        self._end = last
        newest: StreamMessage | None = None
        # A feed that has nothing although the stream has a last message starts behind it: all of it is too old.
        while last is not None and (feed.has_more if newest is None else newest.offset < last):
            try:
                async with asyncio.timeout(STALL_SECONDS):
                    messages = await feed.batch()
            except TimeoutError:
                raise BrokerAwayError("the history of the stream does not come") from None
            for message in messages:
                self._applier.apply_history(message)
            newest = messages[-1]
            await feed.acknowledge(messages)
            await asyncio.sleep(0)
        return newest

    async def _read(self, feed: Feed, connection: AbstractConnection, group: asyncio.TaskGroup) -> None:
        """Apply what comes, until the feed is lost."""
        self.is_read.set()
        log.info("stream_read", offset=None if self._applied is None else self._applied.offset)
        if self._missed:
            self._missed = False
            self._stop_resyncing()
            self._resyncing = group.create_task(self._resync_all(), name="resync")
        watching = group.create_task(self._watch(feed, connection), name="watch")
        try:
            while True:
                messages = await feed.batch()
                await self._apply(messages)
                await feed.acknowledge(messages)
        finally:
            watching.cancel()

    async def _watch(self, feed: Feed, connection: AbstractConnection) -> None:
        """While nothing comes, see that there is nothing; end a feed that hangs.

        A broker under load may be slow to show the end: only the second look in vain counts. What hangs within the last
        chunk is seen when the next one is written.
        """
        in_vain = 0
        while True:
            before = self._applied
            await asyncio.sleep(QUIET_SECONDS)
            with suppress(BrokerAwayError):  # Whoever waits for the next message is told of it.
                await feed.acknowledge_rest()
            is_behind = False if self._applied is not before else await self._is_behind(connection)
            if is_behind:
                await asyncio.sleep(OVERDUE_SECONDS)
            in_vain = in_vain + 1 if is_behind is None else 0
            if self._applied is before and (is_behind or in_vain == LOOKS_IN_VAIN):
                log.warning("stream_stalled", offset=None if before is None else before.offset, in_vain=in_vain)
                feed.end()
                return

    async def _is_behind(self, connection: AbstractConnection) -> bool | None:
        """Say whether the stream has gone on past us; None when that is not shown."""
        try:
            end = await newest_offset(connection)
        except BrokerAwayError:
            return None
        known = self._end if self._applied is None else self._applied.offset
        if known is None:
            self._end = end
            return False
        return None if end is None else end > known

    async def _apply(self, messages: list[StreamMessage]) -> None:
        """Apply messages and give way to the sockets now and then; the last one is known at any time."""
        turn_ends = time.monotonic() + _SLICE_SECONDS
        for message in messages:
            self._applier.apply(message)
            self._applied = message
            if time.monotonic() > turn_ends:
                await asyncio.sleep(0)
                turn_ends = time.monotonic() + _SLICE_SECONDS

    async def _resync_all(self) -> None:
        """Ask all windows to call `sync`, a few at a time, so that the API does not get all of them at once."""
        windows = self._directory.windows()
        steps = max(1, round(self._options.resync_spread_seconds / _STEP_SECONDS))
        for step in range(steps):
            for window in windows[step::steps]:
                window.resync()
            await asyncio.sleep(_STEP_SECONDS)

    def _stop_resyncing(self) -> None:
        if self._resyncing is not None:
            self._resyncing.cancel()
            self._resyncing = None
