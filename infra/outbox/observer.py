"""What a relay tells of its work: log lines in production, a recording in tests."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from infra.broker import MessageRefusedError
from infra.telemetry.logging import get_logger

NACKS_TOLD_SECONDS = 10.0
"""A queue may stay full for hours: the log says it at once, and after that no more often than this."""

log = get_logger("outbox.relay")


class RelayObserver(Protocol):
    """Told of each step right after it; must not block and must not fail."""

    def leading(self, leads: bool) -> None:  # noqa: FBT001 (it says what has become of the relay)
        """It has become the one that publishes, or is no longer."""

    def claimed(self, row_ids: Sequence[int]) -> None:
        """These rows are to be published now."""

    def published(self, row_id: int, seconds: float) -> None:
        """The broker has confirmed the row, so long after it was sent."""

    def deleted(self, row_ids: Sequence[int]) -> None:
        """These confirmed rows are gone from the outbox."""

    def nacked(self, row_ids: Sequence[int]) -> None:
        """Queues that are full or in trouble did not take these rows of a pass; they are tried again later."""

    def refused(self, row_id: int, attempts: int, error: MessageRefusedError) -> None:
        """The broker will not have the row; it is tried again later. So many attempts count against it."""

    def set_aside(self, row_id: int, error: MessageRefusedError) -> None:
        """The row was refused once too often, and is tried no more."""

    def interrupted(self, reason: str) -> None:
        """Database or broker are away, or the broker is blocked; told at each try that this made fail."""

    def resumed(self) -> None:
        """The try after an interruption went well."""


class LoggingObserver:
    """Writes what somebody on call needs; the flow of healthy rows is left to metrics."""

    def __init__(self, relay: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._relay = relay
        self._clock = clock
        self._nacks = 0
        self._nacks_told_at: float | None = None
        self._interrupted_by = ""

    def leading(self, leads: bool) -> None:  # noqa: FBT001 (see RelayObserver)
        self._interrupted_by = ""
        log.info("relay_leading" if leads else "relay_standby", relay=self._relay)

    def claimed(self, row_ids: Sequence[int]) -> None:
        log.debug("rows_claimed", relay=self._relay, rows=len(row_ids))

    def published(self, row_id: int, seconds: float) -> None: ...

    def deleted(self, row_ids: Sequence[int]) -> None:
        log.debug("rows_deleted", relay=self._relay, rows=len(row_ids))

    def nacked(self, row_ids: Sequence[int]) -> None:
        self._nacks += len(row_ids)
        now = self._clock()
        if self._nacks_told_at is None or now - self._nacks_told_at >= NACKS_TOLD_SECONDS:
            log.warning("rows_nacked", relay=self._relay, nacks=self._nacks, reason="a queue is full or in trouble")
            self._nacks, self._nacks_told_at = 0, now

    def refused(self, row_id: int, attempts: int, error: MessageRefusedError) -> None:
        log.warning("row_refused", relay=self._relay, row_id=row_id, attempts=attempts, reason=str(error))

    def set_aside(self, row_id: int, error: MessageRefusedError) -> None:
        log.error("row_set_aside", relay=self._relay, row_id=row_id, reason=str(error))

    def interrupted(self, reason: str) -> None:
        if reason != self._interrupted_by:
            self._interrupted_by = reason
            log.warning("relay_interrupted", relay=self._relay, reason=reason)

    def resumed(self) -> None:
        self._interrupted_by = ""
        log.info("relay_resumed", relay=self._relay)
