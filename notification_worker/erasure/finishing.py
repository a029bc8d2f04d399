"""Bring every erasure that is not finished one step further."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.broker import BrokerAwayError, MessageRefusedError
from infra.clock import Clock, system_clock
from infra.telemetry.logging import get_logger
from notification_worker.commands.erasures import (
    finish_erasures,
    note_sent,
    note_swept,
    people_gone_from_the_stream,
    people_to_sweep,
    unfinished_erasures,
)
from notification_worker.commands.stream_padding import StreamLimits, finish_padding, note_padded, padding_left
from notification_worker.erasure.letters import remove_letters
from notification_worker.erasure.padding import Publish, pad
from notification_worker.erasure.tallies import ErasureTallies

LONGEST_WAIT_SECONDS = 2.0
"""Between two looks, at most."""

_ALONE = 0x7A5C_F1E1
"""A number of our own among the advisory locks of this database."""

log = get_logger("erasure")


class Finishing:
    """`publish` sends padding; `urls` are for looking through queues."""

    def __init__(
        self,
        database: AsyncEngine,
        urls: Sequence[str],
        publish: Publish,
        *,
        notify_relay: Callable[[], None],
        tallies: ErasureTallies,
        limits: StreamLimits | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._database = database
        self._urls = tuple(urls)
        self._publish = publish
        self._notify_relay = notify_relay
        self._tallies = tallies
        self._limits = limits or StreamLimits()
        self._clock = clock

    async def work(self, stop: asyncio.Event) -> bool:
        """Do what can be done now; never more than that at once, so the next look has to come by itself."""
        unfinished = await unfinished_erasures(self._database)
        self._tallies.unfinished = unfinished
        if not unfinished.count:
            return False
        async with _alone(self._database) as alone:
            if alone:
                try:
                    await self._advance(stop)
                except (BrokerAwayError, MessageRefusedError) as error:
                    log.warning("erasure_waits", error=str(error))
        return False

    async def _advance(self, stop: asyncio.Event) -> None:
        if people := await people_to_sweep(self._database):
            await note_swept(self._database, await remove_letters(self._urls, people), self._clock())
        await note_sent(self._database, self._clock())
        await self._pad(stop)
        if people := await people_gone_from_the_stream(self._database):
            letters = await remove_letters(self._urls, people)
            finished = await finish_erasures(self._database, letters, self._clock())
            self._tallies.finished += finished
            self._notify_relay()
            log.info("erasures_finished", count=finished)

    async def _pad(self, stop: asyncio.Event) -> None:
        left = await padding_left(self._database, self._limits, self._clock())
        if left is None:
            return

        if await pad(self._publish, left, self._note, stop):
            await finish_padding(self._database, self._limits, self._clock())
            log.info("stream_padded", bytes=left)

    async def _note(self, size: int) -> None:
        await note_padded(self._database, size)
        self._tallies.padded_bytes += size


@asynccontextmanager
async def _alone(database: AsyncEngine) -> AsyncIterator[bool]:
    """Say whether no other worker is at it, and keep them away until the block ends; a crash frees the lock too."""
    async with database.connect() as plain:
        # A transaction that stays open would keep the outbox from being vacuumed.
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        alone = bool(await connection.scalar(select(func.pg_try_advisory_lock(_ALONE))))
        try:
            yield alone
        finally:
            if alone:
                try:
                    await connection.execute(select(func.pg_advisory_unlock(_ALONE)))
                except BaseException:
                    # The lock is the session's: it must not go back to the pool with it.
                    await connection.invalidate()
                    raise
