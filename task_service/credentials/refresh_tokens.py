"""The secret of a session, which its cookie carries. Only its hash is stored: a copy of the table opens nothing.

The first token of a session is its family's name, `<family>`, and every later one `<family>.<secret>`. So one that was
replaced long ago still leads to its session, and whoever does not hold a token of the session cannot name it.

A token and a salt that is stored give the next token, always the same one: whoever did not get the answer may ask
again. The salt alone gives nothing.

It has 256 random bits: a plain SHA-256 suffices where a password needs a slow hash. Source: OAuth 2.0 Security Best
Current Practice (RFC 9700), refresh token rotation.
"""

import base64
import hashlib
import hmac
import secrets

_BYTES = 32


def new_refresh_token() -> str:
    """Make the first token of a session, which nobody can guess."""
    return secrets.token_urlsafe(_BYTES)


def new_salt() -> bytes:
    """Make what decides on the next token."""
    return secrets.token_bytes(_BYTES)


def next_refresh_token(token: str, salt: bytes) -> str:
    """Give the token that replaces another of the same family."""
    secret = hmac.digest(salt, _bytes(token), hashlib.sha256)
    return f"{_family(token)}.{base64.urlsafe_b64encode(secret).rstrip(b'=').decode()}"


def refresh_hash(token: str) -> bytes:
    """Give what is stored of a token."""
    return hashlib.sha256(_bytes(token)).digest()


def family_hash(token: str) -> bytes:
    """Give that by which the session is found, whichever of its tokens this is."""
    return refresh_hash(_family(token))


def _family(token: str) -> str:
    return token.partition(".")[0]


def _bytes(token: str) -> bytes:
    return token.encode(errors="surrogateescape")
