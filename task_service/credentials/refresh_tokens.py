"""The secret of a session, which its cookie carries. Only its hash is stored: a copy of the table opens nothing.

It has 256 random bits: a plain SHA-256 suffices where a password needs a slow hash.
"""

import hashlib
import secrets

_BYTES = 32


def new_refresh_token() -> str:
    """Make a secret that nobody can guess."""
    return secrets.token_urlsafe(_BYTES)


def refresh_hash(token: str) -> bytes:
    """Give what is stored of a secret, and by which its session is found."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
