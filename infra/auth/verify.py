"""From a token to whom it stands for; no I/O. Sources: RFC 7515, RFC 7519, RFC 8037, RFC 8725 (best current practices).

PyJWT checks the signature, and everything else is read here: its `decode` looks at each character of a token several
times, which costs as much as the signature. What is accepted here is accepted there; a test compares the two.
"""

import base64
import binascii
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt

from contracts.tokens import ALGORITHM, AUDIENCE, ISSUER, Principal
from infra.auth import TokenExpiredError, TokenInvalidError

LEEWAY_SECONDS = 5
"""How far the clocks of two of our machines may differ."""

PublicKeys = Mapping[str, jwt.PyJWK]
"""Key id to public key."""

_HEADER = frozenset({"alg", "kid", "typ"})
"""What a header may hold: extensions change how a token is to be read, and ours have none."""

_HEADERS_KEPT = 64
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, OSError)


def key_id_of(token: str) -> str:
    """Say which key a token claims to be signed with, so that the right one can be fetched.

    Raises:
        TokenInvalidError: it is no token, names no key, or is not signed with EdDSA.
    """
    return _key_id(token.partition(".")[0])


def verify(token: str, keys: PublicKeys) -> Principal:
    """Check signature, issuer, audience and times of a token, and say for whom it stands.

    Raises:
        TokenExpiredError: it was good and is over.
        TokenInvalidError: anything else is wrong with it.
    """
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    key = keys.get(_key_id(header))
    if key is None:
        raise TokenInvalidError("the token is signed with an unknown key")
    try:
        if key.algorithm_name != ALGORITHM or not key.Algorithm.verify(signed.encode(), key.key, _decoded(signature)):
            raise TokenInvalidError("the token is not valid")
        claims = json.loads(_decoded(payload))
        ends_at = _checked_times(claims, time.time())
        if claims["iss"] != ISSUER or claims["aud"] != AUDIENCE:
            raise TokenInvalidError("the token is not valid")
        return Principal(
            user_id=UUID(claims["sub"]),
            name=claims["name"],
            session_id=UUID(claims["sid"]),
            expires_at=datetime.fromtimestamp(ends_at, UTC),
        )
    except _UNREADABLE as error:
        raise TokenInvalidError("the token is not valid") from error


@lru_cache(_HEADERS_KEPT)
def _key_id(header: str) -> str:
    """Read the first part of a token; that of all tokens of one key is the same."""
    try:
        fields = json.loads(_decoded(header))
        key_id = fields["kid"]
    except _UNREADABLE as error:
        raise TokenInvalidError("the token cannot be read") from error
    if fields.get("alg") != ALGORITHM or not isinstance(key_id, str) or not _HEADER.issuperset(fields):
        raise TokenInvalidError(f"the token is not signed with {ALGORITHM} and a named key")
    return key_id


def _decoded(part: str) -> bytes:
    """Decode base64url without padding; there is one text for any bytes, and no other is taken (RFC 4648 3.5)."""
    encoded = part.encode("ascii")
    decoded = base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != encoded:
        raise binascii.Error("not base64url as it is written")
    return decoded


def _checked_times(claims: Mapping[str, Any], now: float) -> float:
    """Give when a token ends, in seconds of the system's clock."""
    made_at, begins_at, ends_at = claims["iat"], claims["nbf"], claims["exp"]
    for moment in (made_at, begins_at, ends_at):
        if isinstance(moment, bool) or not isinstance(moment, int | float):
            raise TypeError("a moment is a number")
    if not (made_at <= now + LEEWAY_SECONDS and begins_at <= now + LEEWAY_SECONDS):
        raise TokenInvalidError("the token is not valid yet")
    if has_ended(ends_at, now):
        raise TokenExpiredError("the token has expired")
    return float(ends_at)


def has_ended(ends_at: float, now: float) -> bool:
    """Say whether the time of a token is over; both in seconds of the system's clock."""
    return int(ends_at) <= now - LEEWAY_SECONDS
