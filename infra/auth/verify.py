"""From a token to whom it stands for; no I/O. Sources: RFC 7519, RFC 8037, RFC 8725 (best current practices)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import jwt

from contracts.tokens import ALGORITHM, AUDIENCE, ISSUER, Principal
from infra.auth import TokenExpiredError, TokenInvalidError

LEEWAY_SECONDS = 5
"""How far the clocks of two of our machines may differ."""

PublicKeys = Mapping[str, jwt.PyJWK]
"""Key id to public key."""


def key_id_of(token: str) -> str:
    """Say which key a token claims to be signed with, so that the right one can be fetched.

    Raises:
        TokenInvalidError: it is no token, names no key, or is not signed with EdDSA.
    """
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise TokenInvalidError("the token cannot be read") from error
    key_id = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(key_id, str):
        raise TokenInvalidError(f"the token is not signed with {ALGORITHM} and a named key")
    return key_id


def verify(token: str, keys: PublicKeys) -> Principal:
    """Check signature, issuer, audience and times of a token, and say for whom it stands.

    Raises:
        TokenExpiredError: it was good and is over.
        TokenInvalidError: anything else is wrong with it.
    """
    key = keys.get(key_id_of(token))
    if key is None:
        raise TokenInvalidError("the token is signed with an unknown key")
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "nbf", "sub", "sid", "name", "iss", "aud"]},
        )
        return Principal(
            user_id=UUID(claims["sub"]),
            name=claims["name"],
            session_id=UUID(claims["sid"]),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except jwt.ExpiredSignatureError as error:
        raise TokenExpiredError("the token has expired") from error
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
        raise TokenInvalidError("the token is not valid") from error
