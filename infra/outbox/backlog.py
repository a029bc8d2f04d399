"""How much waits in an outbox, for those who watch it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from infra.outbox.session import Session, work_in_sessions
from infra.waiting import any_set

READ_SECONDS = 5.0

STALE_SECONDS = 15.0
"""What was read longer ago is not known any more."""

COUNTED_ROWS = 10_000

# However many rows there are, no more than `COUNTED_ROWS` are looked at: beyond, the number is PostgreSQL's estimate of
# the live rows, kept by its statistics. The scan begins where the relay's own does, behind the rows that are gone, and
# walks over those that went since only once.
_READ = """
WITH oldest AS MATERIALIZED (SELECT id, created_at FROM outbox WHERE id > $1 ORDER BY id LIMIT 1),
     counted AS (
       SELECT count(*) AS rows
       FROM (SELECT FROM outbox WHERE id >= (SELECT id FROM oldest) ORDER BY id LIMIT $2 + 1) AS bounded)
SELECT CASE WHEN rows <= $2 THEN rows
            ELSE greatest(rows, pg_stat_get_live_tuples('outbox'::regclass)) END AS rows,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 FROM oldest), 0)
         AS oldest_age_seconds,
       (SELECT count(*) FROM (SELECT FROM outbox_set_aside ORDER BY id LIMIT $2 + 1) AS bounded) AS set_aside_rows
FROM counted
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """`rows` is exact up to `COUNTED_ROWS`, and an estimate beyond; `set_aside_rows` ends one above it."""

    rows: int
    oldest_age_seconds: float
    set_aside_rows: int


class BacklogReader:
    """Looks every `READ_SECONDS`, in a session of its own, so that a slow answer disturbs nobody else.

    `scan_after` gives the id below which there is no row, or None when somebody else is to look.
    """

    def __init__(self, database_url: str, *, name: str, scan_after: Callable[[], int | None]) -> None:
        self._database_url = database_url
        self._name = name
        self._scan_after = scan_after
        self._backlog: Backlog | None = None
        self._read_at = float("-inf")

    @property
    def backlog(self) -> Backlog | None:
        """What was read last, if that was not too long ago."""
        return self._backlog if time.monotonic() - self._read_at < STALE_SECONDS else None

    async def run(self, stop: asyncio.Event) -> None:
        """Read until the stop."""

        async def read(session: Session) -> None:
            while not stop.is_set() and not session.lost.is_set():
                scan_after = self._scan_after()
                if scan_after is None:
                    self._backlog = None
                else:
                    (row,) = await session.fetch(_READ, scan_after, COUNTED_ROWS)
                    self._backlog, self._read_at = Backlog(*row), time.monotonic()
                await any_set(stop, session.lost, seconds=READ_SECONDS)

        await work_in_sessions(self._database_url, f"{self._name} backlog", read, stop)
