"""The private keys that sign access tokens: PKCS 8 PEM files in a folder, each named by its key id.

Sources: RFC 8037 (Ed25519 in JOSE), RFC 7517 (JSON Web Key Set).

The last by name signs, all are published, so that tokens signed with the one before stay good. Key ids made here
begin with their time (UUIDv7), so that the last by name is the newest.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import OKPAlgorithm
from uuid_utils.compat import uuid7

from contracts.tokens import ALGORITHM

_LOCK_FILE = ".lock"


class UnusableKeyError(Exception):
    """A file of the folder is no private Ed25519 key."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """`key_id` and `private_key` sign; `published` is the whole set, without anything secret."""

    key_id: str
    private_key: Ed25519PrivateKey
    published: tuple[Mapping[str, Any], ...]

    def verifying(self) -> dict[str, jwt.PyJWK]:
        """Give the keys that verify, by their ids."""
        return {str(key["kid"]): jwt.PyJWK(dict(key)) for key in self.published}


def load_signing_keys(folder: Path) -> SigningKeys:
    """Read the keys of a folder; an empty one, or a missing one, gets its first key.

    The folder is locked meanwhile: of two processes that start at once, one makes the key and the other reads it.

    Raises:
        UnusableKeyError: a file is no private Ed25519 key; its text names the file.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / _LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _key_files(folder):
            _make_key(folder)
    keys = {path.stem: _read_key(path) for path in _key_files(folder)}
    newest = max(keys)
    return SigningKeys(newest, keys[newest], tuple(_published(key_id, key) for key_id, key in keys.items()))


def _key_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pem"))


def _make_key(folder: Path) -> None:
    """Write a key beside its place and then rename it, so that nobody ever reads half of one."""
    content = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / f"{uuid7()}.pem"
    unfinished = path.with_suffix(".unfinished")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise UnusableKeyError(f"{path} is not a private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKeyError(f"{path} is not an Ed25519 key")
    return key


def _published(key_id: str, key: Ed25519PrivateKey) -> Mapping[str, Any]:
    public: dict[str, Any] = json.loads(OKPAlgorithm.to_jwk(key.public_key()))
    return {**public, "kid": key_id, "use": "sig", "alg": ALGORITHM}
