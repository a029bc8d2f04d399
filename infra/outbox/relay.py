"""From the outbox to the broker."""

import asyncio
import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from infra.broker import (
    BrokerAwayError,
    BrokerBlockedError,
    MessageNackedError,
    MessageRefusedError,
    MessagesSuspectedError,
)
from infra.broker.link import PublisherLink
from infra.outbox.backlog import Backlog, BacklogReader
from infra.outbox.lease import Lease, wait_for_lease
from infra.outbox.listener import WakeUpListener
from infra.outbox.observer import LoggingObserver, RelayObserver
from infra.outbox.publishing import Ordering, PublishingPass
from infra.outbox.session import DatabaseAwayError, Session, work_in_sessions
from infra.outbox.store import OutboxRow, OutboxStore, Postponement
from infra.outbox.tracing import trace_of, trace_published
from infra.waiting import any_set

BATCH_ROWS = 500
IN_FLIGHT = 200

PASS_SECONDS = 0.5
"""A pass takes up no more rows after this, so that one busy key does not make the rows behind the batch wait."""

STANDBY_POLL_SECONDS = 0.5
IDLE_POLL_SECONDS = 0.05
IDLE_POLL_CAP_SECONDS = 0.5
BROKER_WAIT_SECONDS = 1.0

SILENCE_SECONDS = 4.0
"""A relay speaks to its database at least every two seconds; longer silence is reported as trouble."""


class Role(StrEnum):
    STARTING = "starting"
    STANDBY = "standby"
    LEADING = "leading"


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a refused row is tried, and how long it waits: `first_seconds`, doubling up to a cap.

    A nack is no attempt: it says that a queue is full or in trouble, which is nothing against the row. Such a row waits
    for as long again as it is old, so twice as long each time, and `nacked_cap_seconds` at most: there may be room at
    any moment, and then nobody should wait for what was only too early.
    """

    attempts: int = 10
    first_seconds: float = 0.2
    cap_seconds: float = 60.0
    nacked_cap_seconds: float = 3.0

    def after(self, row: OutboxRow, error: MessageRefusedError) -> Postponement | None:
        """Say how a row goes on that was refused just now; None when it was tried often enough."""
        if isinstance(error, MessageNackedError):
            seconds = min(max(row.age_seconds, self.first_seconds), self.nacked_cap_seconds)
            return Postponement(row.attempts, seconds, str(error))
        attempts = row.attempts + 1
        if attempts >= self.attempts:
            return None
        return Postponement(attempts, min(self.first_seconds * 2.0 ** (attempts - 1), self.cap_seconds), str(error))


class Relay:
    """Publishes the outbox of one database; several may run, one leads.

    All rows go to `exchange`, but those of the types in `elsewhere`, which names the exchange of each.

    `run` is a service of `infra.lifecycle`. The three checks are for readiness; a standby is ready.
    """

    def __init__(
        self,
        name: str,
        *,
        database_url: str,
        broker_urls: Sequence[str],
        exchange: str,
        elsewhere: Mapping[str, str] = MappingProxyType({}),
        ordering: Ordering,
        wake_up_channel: str,
        observer: RelayObserver | None = None,
        retries: Retries | None = None,
    ) -> None:
        self._name = name
        self._database_url = database_url
        self._exchange = exchange
        self._elsewhere = elsewhere
        self._ordering = ordering
        self._observer = observer or LoggingObserver(name)
        self._retries = retries or Retries()
        self._link = PublisherLink(broker_urls, name)
        self._listener = WakeUpListener(database_url, channel=wake_up_channel)
        self._in_flight = IN_FLIGHT
        self._session: Session | None = None
        self._role = Role.STARTING
        self._broker_blocked = False
        self._store: OutboxStore | None = None
        self._backlog = BacklogReader(database_url, name=name, scan_after=self._scan_after)

    @property
    def broker_blocked(self) -> bool:
        """Whether rows wait because the broker is short of memory or disk; as of the last try, seconds ago at most."""
        return self._broker_blocked

    @property
    def backlog(self) -> Backlog | None:
        """What waits in the outbox, as of some seconds ago; None while this relay does not lead."""
        return self._backlog.backlog if self._role is Role.LEADING else None

    @property
    def role(self) -> Role:
        """Whether this relay publishes or stands by."""
        return self._role

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until the stop; then what is in flight is finished, what was confirmed deleted, and the lock freed."""
        finished = asyncio.Event()

        async def work(session: Session) -> None:
            await self._work(session, stop)

        async with asyncio.TaskGroup() as group:
            group.create_task(self._link.run(finished))
            group.create_task(self._listener.run(finished))
            group.create_task(self._backlog.run(finished))
            await work_in_sessions(self._database_url, self._name, work, stop)
            finished.set()

    async def check_database(self) -> None:
        """Fail when the database has not answered lately.

        Raises:
            DatabaseAwayError: there is no session, or it is silent.
        """
        if self._session is None:
            raise DatabaseAwayError("there is no database session")
        silent = time.monotonic() - self._session.answered_at
        if silent > SILENCE_SECONDS:
            raise DatabaseAwayError(f"the database has not answered for {silent:.0f} s")

    async def check_broker(self) -> None:
        """Fail when nothing can be published.

        Raises:
            BrokerAwayError: there is no connection, or the broker takes no messages.
        """
        await self._link.check()

    async def check_relaying(self) -> None:
        """Fail unless this relay leads or stands by; `role` says which.

        Raises:
            DatabaseAwayError: it has not come so far, or has fallen back.
        """
        if self._role is Role.STARTING:
            raise DatabaseAwayError("neither leading nor standing by")

    async def _work(self, session: Session, stop: asyncio.Event) -> None:
        self._session, self._role = session, Role.STANDBY
        lease = Lease(session, self._name, f"{socket.gethostname()}:{os.getpid()}")
        try:
            if await wait_for_lease(lease, stop, session.lost, STANDBY_POLL_SECONDS):
                await self._lead(session, lease, stop)
        finally:
            self._session, self._role = None, Role.STARTING

    async def _lead(self, session: Session, lease: Lease, stop: asyncio.Event) -> None:
        self._role, self._store = Role.LEADING, OutboxStore(session)
        self._observer.leading(True)
        try:
            async with asyncio.TaskGroup() as group:
                renewing = group.create_task(lease.keep())
                await self._publish_while_held(self._store, lease, session.lost, stop)
                renewing.cancel()
        finally:
            self._broker_blocked, self._store = False, None
            self._observer.leading(False)

    def _scan_after(self) -> int | None:
        return None if self._store is None else self._store.scan_after

    async def _publish_while_held(
        self, store: OutboxStore, lease: Lease, lost: asyncio.Event, stop: asyncio.Event
    ) -> None:
        idle, interrupted = IDLE_POLL_SECONDS, False
        while lease.held and not stop.is_set():
            try:
                await self._link.wait_until_writable(BROKER_WAIT_SECONDS)
                self._broker_blocked = False
                found = await self._pass(store, lease, stop)
                if interrupted:
                    interrupted = False
                    self._observer.resumed()
                if found:
                    idle = IDLE_POLL_SECONDS
                    continue
            except BrokerAwayError as error:
                interrupted = True
                self._broker_blocked = isinstance(error, BrokerBlockedError)
                self._observer.interrupted(str(error))
                await any_set(stop, lost, seconds=IDLE_POLL_SECONDS)
            except DatabaseAwayError as error:
                self._observer.interrupted(str(error))
                return
            await any_set(stop, lost, self._listener.heard, seconds=idle)
            idle = min(idle * 2, IDLE_POLL_CAP_SECONDS)

    async def _pass(self, store: OutboxStore, lease: Lease, stop: asyncio.Event) -> bool:
        """Publish the oldest rows once; say whether there were any."""
        # Cleared before looking: what is written after the look sets it again.
        self._listener.heard.clear()
        due = store.due_per_key if self._ordering is Ordering.PER_KEY else store.due_in_strict_order
        rows = await due(BATCH_ROWS)
        if not rows:
            return False
        self._observer.claimed([row.id for row in rows])
        end = time.monotonic() + PASS_SECONDS
        current = PublishingPass(
            rows,
            self._ordering,
            self._publish,
            lambda: lease.held and not stop.is_set() and time.monotonic() < end,
        )
        await current.run(self._in_flight)
        await self._settle(store, current)
        # One of several made the broker close the channel: one by one the culprit shows itself.
        self._in_flight = 1 if isinstance(current.away, MessagesSuspectedError) else IN_FLIGHT
        if current.away is not None:
            raise current.away
        return True

    async def _publish(self, row: OutboxRow) -> None:
        sent_at = time.monotonic()
        exchange = self._elsewhere.get(row.type, self._exchange)
        await self._link.publish(exchange, row)
        seconds = time.monotonic() - sent_at
        self._observer.published(row.id, seconds)
        trace_published(row, exchange, seconds)

    async def _settle(self, store: OutboxStore, current: PublishingPass) -> None:
        if done := current.done:
            await store.delete(done)
            self._observer.deleted(done)
        postponed: dict[int, Postponement] = {}
        nacked: list[int] = []
        hopeless: dict[int, MessageRefusedError] = {}
        for row, error in current.refused:
            wait = self._retries.after(row, error)
            if wait is None:
                hopeless[row.id] = error
                continue
            postponed[row.id] = wait
            if isinstance(error, MessageNackedError):
                nacked.append(row.id)
            else:
                with trace_of(row):
                    self._observer.refused(row.id, wait.attempts, error)
        if nacked:
            self._observer.nacked(nacked)
        if postponed:
            await store.postpone(postponed)
        if hopeless:
            await store.set_aside({row_id: str(error) for row_id, error in hopeless.items()})
            for row_id, error in hopeless.items():
                self._observer.set_aside(row_id, error)
