"""Tokens whose signature was checked before: a page sends the same one with each request until it expires.

What is known of a token is that its bytes were signed by a key, and what they say. Everything that can change is asked
each time: whether that key is still published, and whether the time of the token is over. Sessions that have ended
are the services' to ask for, after this as before it.

Kept is a digest, so that no token lies in memory for longer than its request.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import jwt

from contracts.tokens import Principal
from infra.auth import TokenExpiredError
from infra.auth.verify import PublicKeys, has_ended, key_id_of, verify

TOKENS = 10_000
"""Some 20 MB at most; over it the one that was seen least recently is checked anew."""


class _Known(NamedTuple):
    key: jwt.PyJWK
    principal: Principal
    ends_at: float


class KnownTokens:
    """Verifies like `infra.auth.verify.verify`, and checks the signature of the same token with the same key once."""

    def __init__(self, tokens: int = TOKENS, clock: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def verify(self, token: str, keys: PublicKeys) -> Principal:
        """Say for whom a token stands.

        Raises:
            TokenExpiredError: it was good and is over.
            TokenInvalidError: anything else is wrong with it.
        """
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        known = self._known.get(digest)
        if known is None or not _is_among(known.key, keys, key_id_of(token)):
            return self._learn(digest, token, keys)
        if has_ended(known.ends_at, self._clock()):
            del self._known[digest]
            raise TokenExpiredError("the token has expired")
        self._known.move_to_end(digest)
        return known.principal

    def __len__(self) -> int:
        return len(self._known)

    def _learn(self, digest: bytes, token: str, keys: PublicKeys) -> Principal:
        self._known.pop(digest, None)
        self._forget_ended()
        principal = verify(token, keys)
        self._known[digest] = _Known(keys[key_id_of(token)], principal, principal.expires_at.timestamp())
        if len(self._known) > self._tokens:
            self._known.popitem(last=False)
        return principal

    def _forget_ended(self) -> None:
        """Forget the tokens that are over: nobody shows them any more, so they are the ones seen least recently."""
        now = self._clock()
        while self._known and has_ended(next(iter(self._known.values())).ends_at, now):
            self._known.popitem(last=False)


def _is_among(key: jwt.PyJWK, keys: PublicKeys, key_id: str) -> bool:
    """Say whether a key still has its name; the set is read anew all the time, so it is not the same object."""
    present = keys.get(key_id)
    return present is not None and (present is key or present.key == key.key)
