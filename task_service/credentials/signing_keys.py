"""The private keys that sign access tokens: PKCS 8 PEM files in a folder, each named by its key id.

Sources: RFC 8037 (Ed25519 in JOSE), RFC 7517 (JSON Web Key Set).

All are published, so that tokens signed with the one before stay good; the last by name signs. Key ids made here begin
with their time (UUIDv7), so that the last by name is the newest. A key signs only after it was published for
`PUBLISHED_AHEAD`: by then every API process has read it, and no cache holds a key set without it.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

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

PUBLISHED_AHEAD = timedelta(seconds=30)

_LOCK_FILE = ".lock"
_UUID7 = 7
_ALWAYS = datetime.fromtimestamp(0, UTC)


class SigningKeyError(Exception):
    """The keys of the folder cannot be used, or not so; the text is meant for whoever looks after them."""


class UnusableKeyError(SigningKeyError):
    """A file of the folder is no private Ed25519 key, or there is none at all."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    key_id: str
    private_key: Ed25519PrivateKey

    @property
    def made_at(self) -> datetime:
        """When it was made, by its id; one with a name of its own has always been there."""
        try:
            key_id = UUID(self.key_id)
        except ValueError:
            return _ALWAYS
        if key_id.version != _UUID7:
            return _ALWAYS
        return datetime.fromtimestamp((key_id.int >> 80) / 1000, UTC)

    @property
    def signs_from(self) -> datetime:
        """From when on it signs, unless it is the only one."""
        return self.made_at + PUBLISHED_AHEAD


@dataclass(frozen=True)
class SigningKeys:
    """All keys of a folder, by name; at least one."""

    keys: tuple[SigningKey, ...]

    def signing(self, now: datetime) -> SigningKey:
        """Give the key that signs at a time: the last that is published for long enough, or the first of all."""
        return ([key for key in self.keys if key.signs_from <= now] or self.keys[:1])[-1]

    @cached_property
    def published(self) -> tuple[Mapping[str, Any], ...]:
        """The whole key set, without anything secret."""
        return tuple(_published(key) for key in self.keys)

    @cached_property
    def verifying(self) -> Mapping[str, jwt.PyJWK]:
        """The keys that verify, by their ids."""
        return {str(key["kid"]): jwt.PyJWK(dict(key)) for key in self.published}


def load_signing_keys(folder: Path) -> SigningKeys:
    """Read the keys of a folder; an empty one, or a missing one, gets its first key.

    The folder is locked meanwhile: of two processes that start at once, one makes the key and the other reads it.

    Raises:
        UnusableKeyError: a file is no private Ed25519 key; its text names the file.
    """
    with locked(folder):
        if not _key_files(folder):
            make_signing_key(folder)
    return read_signing_keys(folder)


def read_signing_keys(folder: Path) -> SigningKeys:
    """Read the keys of a folder, and make none.

    Raises:
        UnusableKeyError: a file is no private Ed25519 key, or there is no file.
        OSError: the folder cannot be read.
    """
    keys = tuple(SigningKey(path.stem, _read_key(path)) for path in _key_files(folder))
    if not keys:
        raise UnusableKeyError(f"there is no signing key in {folder}")
    return SigningKeys(keys)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let nobody else add or remove keys meanwhile; a missing folder is made."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / _LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _key_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pem"))


def key_file(folder: Path, key_id: str) -> Path:
    """Say where a key is kept."""
    return folder / f"{key_id}.pem"


def make_signing_key(folder: Path) -> str:
    """Write a new key beside its place and then rename it, so that nobody ever reads half of one; give its id."""
    key_id = str(uuid7())
    content = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = key_file(folder, key_id)
    unfinished = path.with_suffix(".unfinished")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    return key_id


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise UnusableKeyError(f"{path} is not a private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKeyError(f"{path} is not an Ed25519 key")
    return key


def _published(key: SigningKey) -> Mapping[str, Any]:
    public: dict[str, Any] = json.loads(OKPAlgorithm.to_jwk(key.private_key.public_key()))
    return {**public, "kid": key.key_id, "use": "sig", "alg": ALGORITHM}
