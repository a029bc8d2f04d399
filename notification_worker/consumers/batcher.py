"""Events of all lanes, applied together with whatever else has arrived meanwhile."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime

from contracts.events import AnyEvent
from infra.backoff import full_jitter
from infra.database.errors import blames_the_values
from infra.telemetry.logging import get_logger
from infra.waiting import any_set
from notification_worker.commands.order import is_behind, order_key

LARGEST_BATCH = 100

_SIDE_BY_SIDE = 2
"""How many batches are under way at most. The second keeps this process busy while the database has the first."""

_PAUSE_SECONDS = 0.1
_PAUSE_CAP_SECONDS = 5.0

log = get_logger("batcher")

Apply = Callable[[Sequence[AnyEvent]], Awaitable[Sequence[AnyEvent]]]
"""Applies events; gives those that it left out, in their order, since the first of them would take long.

Whoever wraps one must hand on what it gives: what is not given counts as applied, and is acknowledged.
"""

ApplyAll = Callable[[Sequence[AnyEvent]], Awaitable[None]]


class AbandonedError(Exception):
    """Nobody waits for the event any more, or the worker stops: it was not applied, and will come again."""


class CulpritError(Exception):
    """The event cannot be applied, even alone. The cause is what stopped it."""

    def __init__(self, attempts: int, first_failed_at: datetime) -> None:
        super().__init__(f"failed {attempts} times")
        self.attempts = attempts
        self.first_failed_at = first_failed_at


@dataclass(slots=True)
class _Waiting:
    event: AnyEvent
    abandoned: Callable[[], bool]
    done: asyncio.Future[None]
    attempts: int = 0
    first_failed_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def leaving_nothing(apply: ApplyAll) -> Apply:
    """Make of a function that applies all events one that says so."""

    async def applied(events: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
        await apply(events)
        return ()

    return applied


class Batcher:
    """Applies events, those of one order key in the order in which they were handed over.

    What `apply` leaves out is applied beside the batches, one by one, with `apply_long`, and so is what comes behind it
    with the same key: so an event with a large audience holds up its own task, and no other.

    It holds no more events than the lanes deliver unacknowledged, which is their prefetch. `run` is a service of
    `infra.lifecycle`.
    """

    def __init__(self, apply: Apply, apply_long: Apply | None = None) -> None:
        self._apply = apply
        self._apply_long = apply_long or apply
        self._waiting: deque[_Waiting] = deque()
        self._may_begin = asyncio.Event()
        self._under_way = 0
        self._keys_under_way: set[str] = set()
        self._long: deque[_Waiting] = deque()
        self._long_filled = asyncio.Event()
        self._long_keys: Counter[str] = Counter()
        self._stopped = False

    @property
    def waiting(self) -> int:
        """How many events wait for a batch under way to end, or for a long event."""
        return len(self._waiting) + len(self._long)

    def applied(self, event: AnyEvent, abandoned: Callable[[], bool]) -> asyncio.Future[None]:
        """Hand over an event; one that is `abandoned` meanwhile is left out. The future is done when it is applied.

        Raises:
            AbandonedError: it was not applied, and will come again.
            CulpritError: it cannot be applied.
        """
        waiting = _Waiting(event, abandoned, asyncio.get_running_loop().create_future())
        if self._stopped:
            _abandon(waiting)
        else:
            self._waiting.append(waiting)
            self._look()
        return waiting.done

    async def run(self, stop: asyncio.Event) -> None:
        """Apply batches, and long events beside them, until the stop; then finish what is under way."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._run_batches(stop))
                group.create_task(self._run_long(stop))
        finally:
            self._stopped = True
            for waiting in (*self._waiting, *self._long):
                _abandon(waiting)
            self._waiting.clear()
            self._long.clear()

    async def _run_batches(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            while await any_set(stop, self._may_begin) and not stop.is_set():
                if batch := self._next_batch():
                    keys = {order_key(waiting.event) for waiting in batch}
                    self._keys_under_way |= keys
                    self._under_way += 1
                    group.create_task(self._run_batch(batch, keys, stop))
                    self._look()
                else:
                    # All that is next waits for what is under way.
                    self._may_begin.clear()

    async def _run_batch(self, batch: Sequence[_Waiting], keys: AbstractSet[str], stop: asyncio.Event) -> None:
        try:
            await self._apply_all(self._in_turn(batch), self._apply, stop)
        finally:
            self._keys_under_way -= keys
            self._under_way -= 1
            self._look()

    def _look(self) -> None:
        """Let a batch begin: alone with whatever has come, beside another only with as many as it can hold.

        So events that come slowly are not spread over more transactions than one after the other.
        """
        if self._under_way < _SIDE_BY_SIDE and len(self._waiting) >= (LARGEST_BATCH if self._under_way else 1):
            self._may_begin.set()
        else:
            self._may_begin.clear()

    def _next_batch(self) -> list[_Waiting]:
        """Take what is next, but for what comes behind something under way: that keeps its place."""
        batch: list[_Waiting] = []
        kept: list[_Waiting] = []
        before = set(self._keys_under_way)
        for _ in range(min(LARGEST_BATCH, len(self._waiting))):
            waiting = self._waiting.popleft()
            if is_behind(waiting.event, before):
                kept.append(waiting)
                before.add(order_key(waiting.event))
            else:
                batch.append(waiting)
        self._waiting.extendleft(reversed(kept))
        return batch

    async def _run_long(self, stop: asyncio.Event) -> None:
        while await any_set(stop, self._long_filled) and not stop.is_set():
            waiting = self._long.popleft()
            if not self._long:
                self._long_filled.clear()
            await self._apply_all([waiting], self._apply_long, stop)
            self._long_keys -= Counter([order_key(waiting.event)])

    def _in_turn(self, batch: Sequence[_Waiting]) -> list[_Waiting]:
        """Put off what comes behind a long event."""
        in_turn = [waiting for waiting in batch if not is_behind(waiting.event, self._long_keys)]
        for waiting in batch:
            if is_behind(waiting.event, self._long_keys):
                self._put_off(waiting)
        return in_turn

    def _put_off(self, waiting: _Waiting) -> None:
        self._long.append(waiting)
        self._long_keys[order_key(waiting.event)] += 1
        self._long_filled.set()

    async def _apply_all(self, batch: Sequence[_Waiting], apply: Apply, stop: asyncio.Event) -> None:
        """Apply a batch; one that fails by itself is halved until the culprit stands alone."""
        pauses = full_jitter(_PAUSE_SECONDS, _PAUSE_CAP_SECONDS)
        while batch := _still_wanted(batch):
            try:
                left = {id(event) for event in await apply([waiting.event for waiting in batch])}
            except Exception as error:  # noqa: BLE001 (every error is judged here, and none is lost)
                if not blames_the_values(error):
                    log.warning("batch_waits", events=len(batch), error=type(error).__name__)
                    if await any_set(stop, seconds=next(pauses)):
                        break
                    continue
                await self._isolate(batch, apply, error, stop)
            else:
                for waiting in batch:
                    if id(waiting.event) in left:
                        self._put_off(waiting)
                    elif not waiting.done.done():
                        waiting.done.set_result(None)
            return
        for waiting in batch:
            _abandon(waiting)

    async def _isolate(self, batch: Sequence[_Waiting], apply: Apply, error: Exception, stop: asyncio.Event) -> None:
        now = datetime.now(UTC)
        for waiting in batch:
            waiting.first_failed_at = waiting.first_failed_at if waiting.attempts else now
            waiting.attempts += 1
        if len(batch) > 1:
            log.warning("batch_halved", events=len(batch), error=type(error).__name__)
            middle = len(batch) // 2
            for half in (batch[:middle], batch[middle:]):
                await self._apply_all(self._in_turn(half), apply, stop)
            return
        (culprit,) = batch
        if not culprit.done.done():
            failure = CulpritError(culprit.attempts, culprit.first_failed_at)
            failure.__cause__ = error
            culprit.done.set_exception(failure)


def _still_wanted(batch: Sequence[_Waiting]) -> list[_Waiting]:
    wanted = []
    for waiting in batch:
        if waiting.done.done() or waiting.abandoned():
            _abandon(waiting)
        else:
            wanted.append(waiting)
    return wanted


def _abandon(waiting: _Waiting) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(AbandonedError())
