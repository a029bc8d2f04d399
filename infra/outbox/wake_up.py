"""Telling the relay that there is something to publish. Only a hint: the relay polls anyway.

A `NOTIFY` inside a business transaction would make all commits of the database wait for one another (PostgreSQL takes
a lock on the whole database for it), so it is sent after the commit, from a connection of its own.
"""

import asyncio

from infra.outbox.session import DatabaseAwayError, Session, work_in_sessions
from infra.waiting import any_set

DEBOUNCE_SECONDS = 0.03
"""The first wake-up goes out at once; what is written in this time after it shares the next one."""


class WakeUp:
    """Sends `NOTIFY channel` when asked to; `run` is a service of `infra.lifecycle`.

    It remembers that it was asked, not how often. While the database is away the hint waits, and the caller never
    learns of it.
    """

    def __init__(self, database_url: str, *, channel: str) -> None:
        self._database_url = database_url
        self._channel = channel
        self._asked = asyncio.Event()

    def notify(self) -> None:
        """Wake the relay; call it after the commit. Never blocks and never fails."""
        self._asked.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send wake-ups until the stop."""

        async def send(session: Session) -> None:
            await self._send(session, stop)

        await work_in_sessions(self._database_url, f"wake-up {self._channel}", send, stop)

    async def _send(self, session: Session, stop: asyncio.Event) -> None:
        while await any_set(stop, session.lost, self._asked) and not stop.is_set() and not session.lost.is_set():
            # Taken back if it fails, so that it is sent when the database is here again.
            self._asked.clear()
            try:
                await session.fetch("SELECT pg_notify($1, '')", self._channel)
            except DatabaseAwayError:
                self._asked.set()
                raise
            await any_set(stop, session.lost, seconds=DEBOUNCE_SECONDS)
