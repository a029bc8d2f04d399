"""The published keys of the task service, fetched for the first token, for an unknown key, and when old.

Source: RFC 7517 (JSON Web Key Set).
"""

import asyncio
import time
from collections.abc import Callable

import httpx
import jwt

from contracts.tokens import Principal
from infra.auth.verify import PublicKeys, key_id_of, verify
from infra.errors import UnavailableError

REFRESH_SECONDS = 10.0
"""Unknown key ids cause at most one fetch in this time, so that forged tokens cannot make us hammer the issuer."""

STALE_SECONDS = 60.0
"""A key that was taken back, because somebody else knows it, is refused after this time at the latest."""

FETCH_SECONDS = 2.0

RETRY_SECONDS = 1.0
"""After a fetch that failed nobody waits for another in this time; they are told at once that the keys are away."""

_PAST_CACHES = {"Cache-Control": "no-cache"}


class PublishedKeys:
    """Verifies tokens with the key set at an address; keeps the last good set while the issuer is away.

    Who is shown the same token again and again gives the `verify` of `infra.auth.known_tokens`.
    """

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        clock: Callable[[], float] = time.monotonic,
        verify: Callable[[str, PublicKeys], Principal] = verify,
    ) -> None:
        self._url = url
        self._client = client
        self._verify = verify
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._next_fetch_at = float("-inf")
        self._stale_at = float("inf")
        self._fetching = asyncio.Lock()

    async def verify(self, token: str) -> Principal:
        """Say for whom a token stands.

        Raises:
            TokenError: the token does not let its bearer in.
            UnavailableError: the keys have never been reached.
        """
        if key_id_of(token) not in self._keys:
            await self._refresh()
        elif self._clock() >= self._stale_at and not self._fetching.locked():
            # One waits for the fetch, the others go on with what is known.
            await self._refresh()
        return self._verify(token, self._keys)

    async def check(self) -> None:
        """Fail unless a key set has been fetched; for readiness.

        Raises:
            UnavailableError: the keys have never been reached.
        """
        if not self._keys:
            await self._refresh()

    async def _refresh(self) -> None:
        async with self._fetching:
            if self._clock() < self._next_fetch_at:
                if not self._keys:
                    raise UnavailableError(f"the key set at {self._url} could not be had a moment ago")
                return
            self._stale_at = self._clock() + REFRESH_SECONDS
            try:
                answer = await self._client.get(self._url, timeout=FETCH_SECONDS, headers=_PAST_CACHES)
                answer.raise_for_status()
                keys = jwt.PyJWKSet.from_dict(answer.json())
            except (httpx.HTTPError, jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
                self._next_fetch_at = self._clock() + RETRY_SECONDS
                if self._keys:
                    return
                raise UnavailableError(f"the key set at {self._url} cannot be had") from error
            self._keys = {key.key_id: key for key in keys.keys if key.key_id}
            self._next_fetch_at = self._clock() + REFRESH_SECONDS
            self._stale_at = self._clock() + STALE_SECONDS
