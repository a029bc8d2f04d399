"""Sessions that have ended while tokens of theirs may still look good."""

from uuid import UUID

LIMIT = 100_000


class EndedSessions:
    """Remembers each for as long as an access token can live; over the limit the oldest is forgotten first."""

    def __init__(self, remember_seconds: float, limit: int = LIMIT) -> None:
        self._remember_seconds = remember_seconds
        self._limit = limit
        self._forget_at: dict[UUID, float] = {}

    def add(self, session_id: UUID, now: float) -> None:
        """Remember a session from now on; a dictionary keeps the order, so the first is the oldest."""
        self._forget_at.pop(session_id, None)
        self._forget_at[session_id] = now + self._remember_seconds
        while self._forget_at:
            oldest, forget_at = next(iter(self._forget_at.items()))
            if forget_at > now and len(self._forget_at) <= self._limit:
                break
            del self._forget_at[oldest]

    def __contains__(self, session_id: UUID) -> bool:
        return session_id in self._forget_at

    def __len__(self) -> int:
        return len(self._forget_at)
