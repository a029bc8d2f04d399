"""Keep this worker attached to the lanes that it should have."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from infra.backoff import full_jitter
from infra.consuming.connection import TROUBLE, Connection, connected
from infra.consuming.lane import PREFETCH, Handle, Lane
from infra.database.errors import is_database_away
from infra.telemetry.logging import get_logger
from infra.waiting import any_set
from notification_worker.consumers.lanes import COMPETING, LANES, share

_BACKOFF_SECONDS = 0.1
_BACKOFF_CAP_SECONDS = 5.0

_STEADY_SECONDS = 5.0
"""A connection that lasted this long was a good one: the next loss starts the backoff anew."""

DATABASE_SECONDS = 2.0
"""How long a beat may take, so that a slow database does not keep us from seeing that the connection is lost."""

log = get_logger("consuming")

Beat = Callable[[UUID], Awaitable[Sequence[UUID]]]
"""Says that a worker runs, and gives all that do."""

Leave = Callable[[UUID], Awaitable[None]]
"""Says that a worker runs no more."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The standby comes later than every other worker's next beat, so that the one whose lane it is comes first."""

    beat_seconds: float = 1.0
    standby_seconds: float = 3.0


class NotConsumingError(Exception):
    """Some of the lanes that this worker should have are not attached."""


class Consuming:
    """`run` is a service of `infra.lifecycle`, `check` is for readiness."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        beat: Beat,
        leave: Leave,
        handle: Handle,
        prefetch: int = PREFETCH,
        rhythm: Rhythm | None = None,
    ) -> None:
        self._urls = tuple(urls)
        self._beat = beat
        self._leave = leave
        self._handle = handle
        self._prefetch = prefetch
        self._rhythm = rhythm or Rhythm()
        self._own: frozenset[str] = frozenset()
        self._lanes: tuple[Lane, ...] = ()
        self._trouble = "not connected yet"

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until the stop, over a new connection whenever one is lost."""
        pauses = full_jitter(_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS)
        while not stop.is_set():
            opened_at = time.monotonic()
            try:
                async with connected(
                    self._urls, "worker", (*LANES, COMPETING), self._handle, self._prefetch
                ) as connection:
                    await self._hold(connection, stop)
                self._trouble = "the connection was lost"
            except TROUBLE as error:
                self._trouble = str(error) or type(error).__name__
            finally:
                self._lanes, self._own = (), frozenset()
            if not stop.is_set():
                log.warning("broker_away", error=self._trouble)
            if time.monotonic() - opened_at > _STEADY_SECONDS:
                pauses = full_jitter(_BACKOFF_SECONDS, _BACKOFF_CAP_SECONDS)
            await any_set(stop, seconds=next(pauses))

    async def check(self) -> None:
        """Fail unless consumers are really on all lanes that this worker should have; for readiness.

        Raises:
            NotConsumingError: names what is missing.
        """
        if not self._lanes or not self._own:
            raise NotConsumingError(self._trouble)
        missing = [lane.queue for lane in self._lanes if lane.queue in self._own and not await lane.is_attached()]
        if missing:
            raise NotConsumingError(f"no consumer on {', '.join(missing)}")

    async def _hold(self, connection: Connection, stop: asyncio.Event) -> None:
        """Attach and let go, beat for beat, until the connection is lost or the stop.

        To the others each connection is a worker of its own: so they notice that one was lost, however short the
        break, and give back what the broker has turned over to them meanwhile.
        """
        worker_id = uuid7()
        self._lanes = connection.lanes
        alive: Sequence[UUID] | None = None
        standby_at = 0.0
        try:
            while not stop.is_set() and not connection.lost.is_set():
                answer = await self._ask(worker_id)
                if answer is not None and answer != alive:
                    alive, self._own = answer, share(worker_id, answer)
                    standby_at = time.monotonic() + self._rhythm.standby_seconds
                    log.info("lanes_shared", workers=len(alive), own=sorted(self._own))
                    for lane in connection.lanes:
                        if lane.queue not in self._own:
                            await lane.let_go()
                if alive is not None:
                    await self._attach(connection, standby=time.monotonic() >= standby_at)
                await any_set(stop, connection.lost, seconds=self._rhythm.beat_seconds)
        finally:
            await self._say_goodbye(worker_id)

    async def _attach(self, connection: Connection, *, standby: bool) -> None:
        for lane in connection.lanes:
            if (standby or lane.queue in self._own) and not connection.lost.is_set() and not await lane.is_attached():
                await lane.let_go()
                await lane.attach()

    async def _ask(self, worker_id: UUID) -> Sequence[UUID] | None:
        """Say that we run, and give all that do, or None while nobody can tell."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                return await self._beat(worker_id)
        except Exception as error:
            if not is_database_away(error):
                raise
            self._trouble = "the database does not say who else works"
            return None

    async def _say_goodbye(self, worker_id: UUID) -> None:
        """Say that we run no more, if the database is there; without it the others miss our beats."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self._leave(worker_id)
        except Exception as error:
            if not is_database_away(error):
                raise
