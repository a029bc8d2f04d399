"""What a relay tells of its work: log lines in production, a recording in tests."""

from collections.abc import Sequence
from typing import Protocol

from infra.broker import MessageRefusedError
from infra.telemetry.logging import get_logger

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

    def refused(self, row_id: int, attempts: int, error: MessageRefusedError) -> None:
        """The broker will not have the row, or not now; it is tried again later. So many attempts count against it."""

    def set_aside(self, row_id: int, error: MessageRefusedError) -> None:
        """The row was refused once too often, and is tried no more."""

    def interrupted(self, reason: str) -> None:
        """Database or broker are away, or leadership ended; what was not confirmed is published again."""


class LoggingObserver:
    """Writes what somebody on call needs; the flow of healthy rows is left to metrics."""

    def __init__(self, relay: str) -> None:
        self._relay = relay

    def leading(self, leads: bool) -> None:  # noqa: FBT001 (see RelayObserver)
        log.info("relay_leading" if leads else "relay_standby", relay=self._relay)

    def claimed(self, row_ids: Sequence[int]) -> None:
        log.debug("rows_claimed", relay=self._relay, rows=len(row_ids))

    def published(self, row_id: int, seconds: float) -> None: ...

    def deleted(self, row_ids: Sequence[int]) -> None:
        log.debug("rows_deleted", relay=self._relay, rows=len(row_ids))

    def refused(self, row_id: int, attempts: int, error: MessageRefusedError) -> None:
        log.warning("row_refused", relay=self._relay, row_id=row_id, attempts=attempts, reason=str(error))

    def set_aside(self, row_id: int, error: MessageRefusedError) -> None:
        log.error("row_set_aside", relay=self._relay, row_id=row_id, reason=str(error))

    def interrupted(self, reason: str) -> None:
        log.warning("relay_interrupted", relay=self._relay, reason=reason)
