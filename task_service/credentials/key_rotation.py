"""How signing keys come and go: a new one is made, signs, is replaced, and is removed when its last token is dead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from infra.auth.verify import LEEWAY_SECONDS
from task_service.credentials.signing_keys import (
    SigningKeyError,
    SigningKeys,
    key_file,
    locked,
    make_signing_key,
    read_signing_keys,
)

_CLOCKS = timedelta(seconds=LEEWAY_SECONDS)


class KeyState(StrEnum):
    """What a key is good for; in this order, one after the other."""

    PUBLISHED = "published"
    SIGNS = "signs"
    VERIFIES = "verifies"
    DONE = "done"


class KeyInUseError(SigningKeyError):
    """A key is still needed."""


class UnknownKeyError(SigningKeyError):
    """There is no key of this id."""


@dataclass(frozen=True, slots=True)
class KeyReport:
    """`until` is when the state ends; None when that depends on the next key, or it does not end."""

    key_id: str
    state: KeyState
    until: datetime | None


def report_keys(keys: SigningKeys, now: datetime, token_life: timedelta) -> list[KeyReport]:
    """Say what each key is good for.

    A key that was replaced verifies until the last token that it may have signed is dead, for every clock of ours.
    """
    signing = keys.signing(now)
    reports: list[KeyReport] = []
    for number, key in enumerate(keys.keys):
        if key is signing:
            reports.append(KeyReport(key.key_id, KeyState.SIGNS, None))
        elif key.key_id > signing.key_id:
            reports.append(KeyReport(key.key_id, KeyState.PUBLISHED, key.signs_from))
        else:
            until = keys.keys[number + 1].signs_from + token_life + 2 * _CLOCKS
            done = until <= now
            reports.append(KeyReport(key.key_id, KeyState.DONE if done else KeyState.VERIFIES, None if done else until))
    return reports


def rotate(folder: Path) -> str:
    """Make a key, which signs after it was published for a while; give its id."""
    with locked(folder):
        return make_signing_key(folder)


def retire(
    folder: Path, now: datetime, token_life: timedelta, *, key_id: str | None = None, at_once: bool = False
) -> list[str]:
    """Remove the keys that are done, or one key; give the ids of those that were removed.

    `at_once` removes one that still has tokens, which are refused from then on: its secret is known to others.

    Raises:
        UnknownKeyError: there is no such key.
        KeyInUseError: the key signs or verifies, and not `at_once`; or it is the only one.
    """
    with locked(folder):
        reports = report_keys(read_signing_keys(folder), now, token_life)
        if key_id is None:
            chosen = [report for report in reports if report.state is KeyState.DONE]
        else:
            chosen = [report for report in reports if report.key_id == key_id]
            if not chosen:
                raise UnknownKeyError(f"there is no key {key_id}")
            if len(reports) == 1:
                raise KeyInUseError(f"{key_id} is the only key: rotate first")
            if chosen[0].state is not KeyState.DONE and not at_once:
                raise KeyInUseError(f"{key_id} {chosen[0].state.value}: its tokens would be refused at once")
        for report in chosen:
            key_file(folder, report.key_id).unlink()
    return [report.key_id for report in chosen]
