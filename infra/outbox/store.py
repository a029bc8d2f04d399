"""All that the relay says to the outbox, in the leader's session."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from infra.outbox.session import Session

MARK_SECONDS = 2.0

BATCH_BYTES = 8_000_000
"""A batch ends before the row with which its bodies would be more, and has one row at least."""

_COLUMNS = """o.id, o.message_id, o.type, o.content_type, o.routing_key, o.order_key, o.body, o.attempts,
  extract(epoch FROM clock_timestamp() - o.created_at)::float8 AS age_seconds"""


def _up_to_bytes(rows: str, *more: str) -> str:
    """Give of some rows, in the order of their ids, the first whose bodies make no more than `$3` bytes.

    How long a body is stands beside it: it is not read for that, and those behind the cut are not read at all.
    """
    columns = "id, message_id, type, content_type, routing_key, order_key, body, attempts"
    return f"""
SELECT {", ".join((columns, "age_seconds", *more))} FROM (
  SELECT *, sum(octet_length(body)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS bytes
  FROM ({rows}) AS found) AS counted
WHERE bytes <= $3 OR bytes = octet_length(body)
ORDER BY id
"""  # noqa: S608 (no value is put into the text)


_DUE_PER_KEY = _up_to_bytes(f"""
SELECT {_COLUMNS} FROM outbox AS o
WHERE o.id > $1 AND (o.next_attempt_at IS NULL OR o.next_attempt_at <= now())
  AND NOT EXISTS (
    SELECT FROM outbox AS earlier
    WHERE earlier.next_attempt_at > now() AND earlier.order_key = o.order_key AND earlier.id < o.id)
ORDER BY o.id LIMIT $2
""")  # noqa: S608 (see above)

_OLDEST = _up_to_bytes(
    f"""
SELECT {_COLUMNS}, coalesce(o.next_attempt_at > now(), false) AS waits FROM outbox AS o
WHERE o.id > $1 ORDER BY o.id LIMIT $2
""",  # noqa: S608 (see above)
    "waits",
)

_DELETE = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"

_POSTPONE = """
UPDATE outbox AS o
SET attempts = refused.attempts, last_error = refused.reason,
    next_attempt_at = clock_timestamp() + make_interval(secs => refused.seconds)
FROM unnest($1::bigint[], $2::smallint[], $3::float8[], $4::text[]) AS refused (id, attempts, seconds, reason)
WHERE o.id = refused.id
"""

_SET_ASIDE = """
WITH refused AS (SELECT * FROM unnest($1::bigint[], $2::text[]) AS refused (id, reason)),
     gone AS (DELETE FROM outbox AS o USING refused WHERE o.id = refused.id RETURNING o.*, refused.reason)
INSERT INTO outbox_set_aside
  (id, message_id, type, content_type, routing_key, order_key, body, created_at, attempts, reason)
SELECT id, message_id, type, content_type, routing_key, order_key, body, created_at, least(attempts + 1, 32767), reason
FROM gone
"""

_MARK = """
SELECT pg_snapshot_xmax(snapshot)::text AS next_transaction,
       coalesce(pg_snapshot_xmin(snapshot) >= $1::text::xid8, false) AS all_before_mark_ended,
       (SELECT min(id) FROM outbox WHERE id > $2) AS oldest
FROM (SELECT pg_current_snapshot()) AS taken (snapshot)
"""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    id: int
    message_id: str
    type: str
    content_type: str
    routing_key: str
    order_key: str
    body: str
    attempts: int
    age_seconds: float


@dataclass(frozen=True, slots=True)
class Postponement:
    """What is kept of a row that the broker refused: how many attempts count by now, and the wait for the next."""

    attempts: int
    seconds: float
    reason: str


class OutboxStore:
    """Reads and settles rows.

    A scan from the beginning walks over all rows deleted since the last vacuum, and a long reading transaction
    elsewhere (a dump) keeps vacuum from removing them. So the scan starts above the ids that are done with. An id is
    done with when it is not in the table although every transaction has ended that may have taken it: those that ran
    when a higher id had been seen. Without this care a row that is committed late would be passed over.
    """

    def __init__(
        self, session: Session, clock: Callable[[], float] = time.monotonic, batch_bytes: int = BATCH_BYTES
    ) -> None:
        self._session = session
        self._batch_bytes = batch_bytes
        self._clock = clock
        self._scan_after = 0
        self._highest_seen = 0
        self._marked_id = 0
        self._marked_transaction: str | None = None
        self._mark_at = clock() + MARK_SECONDS

    @property
    def scan_after(self) -> int:
        """No row at or below this id exists or will appear."""
        return self._scan_after

    async def due_per_key(self, limit: int) -> list[OutboxRow]:
        """Give the oldest rows that may be published now; none is behind a waiting row of its key."""
        await self._move_scan()
        found = await self._session.fetch(_DUE_PER_KEY, self._scan_after, limit, self._batch_bytes)
        return self._seen([OutboxRow(*row) for row in found])

    async def due_in_strict_order(self, limit: int) -> list[OutboxRow]:
        """Give the oldest rows up to the first that waits for its next attempt."""
        await self._move_scan()
        rows = []
        for found in await self._session.fetch(_OLDEST, self._scan_after, limit, self._batch_bytes):
            *values, waits = found
            if waits:
                break
            rows.append(OutboxRow(*values))
        return self._seen(rows)

    async def delete(self, row_ids: Sequence[int]) -> None:
        """Remove confirmed rows."""
        await self._session.fetch(_DELETE, row_ids)

    async def postpone(self, postponed: Mapping[int, Postponement]) -> None:
        """Let each of some refused rows wait."""
        waits = postponed.values()
        await self._session.fetch(
            _POSTPONE,
            list(postponed),
            [wait.attempts for wait in waits],
            [wait.seconds for wait in waits],
            [wait.reason for wait in waits],
        )

    async def set_aside(self, reasons: Mapping[int, str]) -> None:
        """Move refused rows out of the way, in one statement: a row is in one of the two tables at any moment."""
        await self._session.fetch(_SET_ASIDE, list(reasons), list(reasons.values()))

    async def _move_scan(self) -> None:
        if self._clock() < self._mark_at:
            return
        self._mark_at = self._clock() + MARK_SECONDS
        (mark,) = await self._session.fetch(_MARK, self._marked_transaction, self._scan_after)
        if self._marked_transaction is not None and not mark["all_before_mark_ended"]:
            return
        oldest = mark["oldest"]
        self._scan_after = self._marked_id if oldest is None else min(self._marked_id, oldest - 1)
        self._marked_id, self._marked_transaction = self._highest_seen, mark["next_transaction"]

    def _seen(self, rows: list[OutboxRow]) -> list[OutboxRow]:
        if rows:
            self._highest_seen = max(self._highest_seen, rows[-1].id)
        return rows
