"""Which connections are let in before anybody knows whose they are."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Why a connection is not let in."""

    FULL = "full"
    TOO_MANY_UNAUTHENTICATED = "too_many_unauthenticated"
    TOO_MANY_OF_ADDRESS = "too_many_of_address"


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    connections: int
    unauthenticated: int
    of_an_address: int


class Admission:
    """Counts connections from the handshake to their end."""

    def __init__(self, limits: AdmissionLimits) -> None:
        self._limits = limits
        self._by_address: Counter[str] = Counter()
        self._connections = 0
        self._authenticated = 0

    @property
    def connections(self) -> int:
        """How many are open, with or without a token."""
        return self._connections

    def admit(self, address: str) -> Refusal | None:
        """Count a new connection, or say why it is not let in. What was admitted must be released."""
        if self._connections >= self._limits.connections:
            return Refusal.FULL
        if self._connections - self._authenticated >= self._limits.unauthenticated:
            return Refusal.TOO_MANY_UNAUTHENTICATED
        if self._by_address[address] >= self._limits.of_an_address:
            return Refusal.TOO_MANY_OF_ADDRESS
        self._connections += 1
        self._by_address[address] += 1
        return None

    def authenticated(self) -> None:
        """Note that one of those admitted has shown a good token."""
        self._authenticated += 1

    def release(self, address: str, *, authenticated: bool) -> None:
        """Forget a connection that was admitted; `authenticated` says whether it had shown a good token."""
        self._connections -= 1
        self._authenticated -= authenticated
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
