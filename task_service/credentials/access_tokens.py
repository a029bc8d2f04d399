"""Access tokens: short-lived, signed, verified by everybody with the published keys. Sources: RFC 7519, RFC 8037."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from contracts.tokens import ALGORITHM, AUDIENCE, ISSUER, Principal
from infra.auth.known_tokens import KnownTokens
from task_service.credentials.key_ring import KeyRing


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token is issued for, and when their session ends at the latest, if that is known."""

    user_id: UUID
    name: str
    session_id: UUID
    session_expires_at: datetime | None = None


class AccessTokens:
    def __init__(self, keys: KeyRing, life: timedelta) -> None:
        self._keys = keys
        self.life = life
        self._known = KnownTokens()

    def life_of(self, bearer: Bearer, now: datetime) -> timedelta:
        """Say for how long a token would be good: for `life`, and not longer than the session."""
        expires_at = bearer.session_expires_at
        return self.life if expires_at is None else min(self.life, expires_at - now)

    def issue(self, bearer: Bearer, now: datetime) -> str:
        """Sign a token that is good from now on, for `life_of` its bearer."""
        key = self._keys.signing()
        return jwt.encode(
            {
                "iss": ISSUER,
                "aud": AUDIENCE,
                "sub": str(bearer.user_id),
                "sid": str(bearer.session_id),
                "name": bearer.name,
                "iat": now,
                "nbf": now,
                "exp": now + self.life_of(bearer, now),
            },
            key.private_key,
            algorithm=ALGORITHM,
            headers={"kid": key.key_id},
        )

    async def verify(self, token: str) -> Principal:
        """Say for whom a token stands, by our own keys.

        Raises:
            TokenError: it does not let its bearer in.
        """
        return self._known.verify(token, self._keys.verifying())
