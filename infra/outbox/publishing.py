"""One pass over some rows: many in flight, and yet in order."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from enum import StrEnum

from infra.broker import BrokerAwayError, MessageRefusedError
from infra.outbox.store import OutboxRow


class Ordering(StrEnum):
    PER_KEY = "per_key"
    """At most one row of an `order_key` is in flight; its next follows when it is confirmed."""

    STRICT = "strict"
    """All rows leave in the order of their ids, many in flight; after a failure all from the failed one on go again."""


class PublishingPass:
    """Publishes rows, given in the order of their ids, until all are done or something is in the way.

    Each of `in_flight` workers takes the next lane and publishes its rows one after the other. A lane holds the rows
    of one key, or, in strict order, one row; lanes are taken, and so sent, in order. `may_go_on` is asked before each
    row.
    """

    def __init__(
        self,
        rows: Sequence[OutboxRow],
        ordering: Ordering,
        publish: Callable[[OutboxRow], Awaitable[None]],
        may_go_on: Callable[[], bool],
    ) -> None:
        self._rows = rows
        self._ordering = ordering
        self._publish = publish
        self._may_go_on = may_go_on
        self._confirmed: set[int] = set()
        self._refused: dict[int, MessageRefusedError] = {}
        self._halted = False
        self.away: BrokerAwayError | None = None

    async def run(self, in_flight: int) -> None:
        """Publish; returns when nothing is in flight any more."""
        lanes = self._lanes()
        taken = iter(lanes)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(in_flight, len(lanes))):
                group.create_task(self._work(taken))

    @property
    def done(self) -> list[int]:
        """The rows that need not be published again, in order.

        In strict order a confirmed row behind an unconfirmed one goes again, or they would stay the wrong way round.
        """
        if self._ordering is Ordering.PER_KEY:
            return [row.id for row in self._rows if row.id in self._confirmed]
        done = []
        for row in self._rows:
            if row.id not in self._confirmed:
                break
            done.append(row.id)
        return done

    @property
    def refused(self) -> list[tuple[OutboxRow, MessageRefusedError]]:
        """The rows that the broker will not have; in strict order only the first, since the others go again anyway."""
        refused = [(row, self._refused[row.id]) for row in self._rows if row.id in self._refused]
        return refused if self._ordering is Ordering.PER_KEY else refused[:1]

    def _lanes(self) -> list[list[OutboxRow]]:
        if self._ordering is Ordering.STRICT:
            return [[row] for row in self._rows]
        lanes: dict[str, list[OutboxRow]] = defaultdict(list)
        for row in self._rows:
            lanes[row.order_key].append(row)
        return list(lanes.values())

    async def _work(self, lanes: Iterator[list[OutboxRow]]) -> None:
        for lane in lanes:
            for row in lane:
                if self._halted or not self._may_go_on():
                    return
                if not await self._confirm(row):
                    break

    async def _confirm(self, row: OutboxRow) -> bool:
        try:
            await self._publish(row)
        except MessageRefusedError as error:
            self._refused[row.id] = error
            self._halted = self._halted or self._ordering is Ordering.STRICT
            return False
        except BrokerAwayError as error:
            self.away = self.away or error
            self._halted = True
            return False
        self._confirmed.add(row.id)
        return True
