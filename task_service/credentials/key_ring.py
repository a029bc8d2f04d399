"""The signing keys of a running process, which notices those that are added and removed."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt

from infra.clock import Clock, system_clock
from infra.telemetry.logging import get_logger
from task_service.credentials.signing_keys import (
    SigningKey,
    SigningKeyError,
    SigningKeys,
    load_signing_keys,
    read_signing_keys,
)

READ_AGAIN = timedelta(seconds=5)
"""How long a process may not know of a change; far less than a new key waits before it signs."""

log = get_logger("signing_keys")


class KeyRing:
    """Reads the folder at the start, which makes the first key, and then when it is used, every `READ_AGAIN` at most.

    A folder that cannot be read, or holds no key any more, changes nothing: the keys of before stay, and it is logged.

    Raises:
        UnusableKeyError: at the start, when a file is no key.
    """

    def __init__(self, folder: Path, clock: Clock = system_clock) -> None:
        self._folder = folder
        self._clock = clock
        self._keys = load_signing_keys(folder)
        self._read_at = clock()

    def signing(self) -> SigningKey:
        """Give the key that signs now."""
        return self._current().signing(self._clock())

    def verifying(self) -> Mapping[str, jwt.PyJWK]:
        """Give the keys that verify, by their ids."""
        return self._current().verifying

    def published(self) -> Sequence[Mapping[str, Any]]:
        """Give the key set for everybody."""
        return self._current().published

    def _current(self) -> SigningKeys:
        now = self._clock()
        # A clock that was set back must not keep it from reading.
        if abs(now - self._read_at) >= READ_AGAIN:
            self._read_at = now
            try:
                self._keys = read_signing_keys(self._folder)
            except (SigningKeyError, OSError) as error:
                log.error("signing_keys_unreadable", error=str(error))  # noqa: TRY400 (the traceback says nothing more)
        return self._keys
