"""Hearing the wake-ups of `infra.outbox.wake_up`."""

import asyncio

from infra.outbox.session import Session, work_in_sessions
from infra.waiting import any_set

PROBE_SECONDS = 15.0
"""A listener only ever reads: without asking now and then it would never learn that its connection is dead."""


class WakeUpListener:
    """Sets `heard` at every wake-up, and once whenever it begins to listen, since it may have missed some."""

    def __init__(self, database_url: str, *, channel: str) -> None:
        self._database_url = database_url
        self._channel = channel
        self.heard = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until the stop, in a new session whenever one is lost."""

        async def listen(session: Session) -> None:
            await session.listen(self._channel, self.heard)
            self.heard.set()
            while not await any_set(stop, session.lost, seconds=PROBE_SECONDS):
                await session.fetch("SELECT 1")

        await work_in_sessions(self._database_url, f"listener {self._channel}", listen, stop)
