"""The keys that sign access tokens: made, read, replaced and removed, in processes that go on running."""

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra.auth import TokenExpiredError, TokenInvalidError
from task_service.api.discovery import KEYS_MAX_AGE_SECONDS
from task_service.credentials.access_tokens import AccessTokens, Bearer
from task_service.credentials.key_ring import READ_AGAIN, KeyRing
from task_service.credentials.key_rotation import (
    KeyInUseError,
    KeyReport,
    KeyState,
    UnknownKeyError,
    report_keys,
    retire,
    rotate,
)
from task_service.credentials.signing_keys import (
    PUBLISHED_AHEAD,
    UnusableKeyError,
    load_signing_keys,
    read_signing_keys,
)

LIFE = timedelta(minutes=15)
SECOND = timedelta(seconds=1)
DEAD = PUBLISHED_AHEAD + LIFE + timedelta(seconds=10)
"""How long after a rotation the last token of the key before is dead, for clocks that differ by five seconds each."""


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_an_empty_folder_gets_one_key_which_only_its_owner_reads(tmp_path: Path) -> None:
    made = load_signing_keys(tmp_path / "keys")
    again = load_signing_keys(tmp_path / "keys")

    (file,) = (tmp_path / "keys").glob("*.pem")
    assert [file.stem] == [key.key_id for key in made.keys] == [key.key_id for key in again.keys]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert made.published == again.published


def test_processes_that_start_at_once_share_the_first_key(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def start() -> str:
        together.wait()
        return load_signing_keys(tmp_path).keys[0].key_id

    with ThreadPoolExecutor(8) as threads:
        starting = [threads.submit(start) for _ in range(8)]

    assert {each.result() for each in starting} == {key.key_id for key in read_signing_keys(tmp_path).keys}


def test_nothing_secret_is_published(tmp_path: Path) -> None:
    (key,) = load_signing_keys(tmp_path).published

    assert set(key) == {"kid", "kty", "crv", "x", "use", "alg"}


@pytest.mark.parametrize("kind", ["text", "rsa"])
def test_a_file_that_is_no_key_for_us_is_named(tmp_path: Path, kind: str) -> None:
    key = generate_private_key(65_537, 2_048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "wrong.pem").write_bytes(key if kind == "rsa" else b"not a key")

    with pytest.raises(UnusableKeyError, match=r"wrong\.pem"):
        load_signing_keys(tmp_path)


async def test_a_token_says_who_it_stands_for_until_its_time_is_over(tmp_path: Path) -> None:
    tokens = AccessTokens(KeyRing(tmp_path), LIFE)
    bearer, now = Bearer(uuid4(), "Ann", uuid4()), datetime.now(UTC)

    principal = await tokens.verify(tokens.issue(bearer, now))

    assert (principal.user_id, principal.name, principal.session_id) == (bearer.user_id, "Ann", bearer.session_id)
    assert abs(principal.expires_at - (now + LIFE)) <= timedelta(seconds=1)
    with pytest.raises(TokenExpiredError):
        await tokens.verify(tokens.issue(bearer, now - LIFE - timedelta(seconds=10)))


async def test_a_token_of_foreign_keys_is_refused(tmp_path: Path) -> None:
    ours = AccessTokens(KeyRing(tmp_path / "ours"), LIFE)
    foreign = AccessTokens(KeyRing(tmp_path / "foreign"), LIFE)

    with pytest.raises(TokenInvalidError):
        await ours.verify(foreign.issue(Bearer(uuid4(), "Ann", uuid4()), datetime.now(UTC)))


def states(folder: Path, now: datetime) -> list[KeyState]:
    return [report.state for report in report_keys(read_signing_keys(folder), now, LIFE)]


def replaced(folder: Path) -> tuple[str, str, datetime]:
    """Make a key and its successor; give their ids, and when the successor was made."""
    (first,) = load_signing_keys(folder).keys
    second = rotate(folder)
    return first.key_id, second, read_signing_keys(folder).keys[1].made_at


def test_a_new_key_waits_until_everybody_knows_it(tmp_path: Path) -> None:
    first, second, made_at = replaced(tmp_path)
    keys = read_signing_keys(tmp_path)

    assert [key["kid"] for key in keys.published] == [first, second]
    assert keys.signing(made_at + PUBLISHED_AHEAD - SECOND).key_id == first
    assert keys.signing(made_at + PUBLISHED_AHEAD).key_id == second


def test_it_waits_longer_than_anybody_keeps_a_key_set_without_it() -> None:
    assert READ_AGAIN + timedelta(seconds=KEYS_MAX_AGE_SECONDS) < PUBLISHED_AHEAD


async def test_running_processes_take_to_a_new_key_without_a_restart(tmp_path: Path, clock: Clock) -> None:
    rings = [KeyRing(tmp_path, clock) for _ in range(2)]
    issuing, verifying = (AccessTokens(ring, LIFE) for ring in rings)
    before = issuing.issue(Bearer(uuid4(), "Ann", uuid4()), clock.now)
    second = rotate(tmp_path)

    clock.now += READ_AGAIN
    assert second in {str(key["kid"]) for ring in rings for key in ring.published()}
    assert {ring.signing().key_id for ring in rings} != {second}
    clock.now += PUBLISHED_AHEAD
    assert {ring.signing().key_id for ring in rings} == {second}
    after = issuing.issue(Bearer(uuid4(), "Bob", uuid4()), datetime.now(UTC))
    assert [(await verifying.verify(token)).name for token in (before, after)] == ["Ann", "Bob"]


async def test_tokens_of_a_key_that_was_taken_back_are_refused_without_a_restart(tmp_path: Path, clock: Clock) -> None:
    tokens = AccessTokens(KeyRing(tmp_path, clock), LIFE)
    stolen = tokens.issue(Bearer(uuid4(), "Ann", uuid4()), clock.now)
    (first,) = read_signing_keys(tmp_path).keys
    rotate(tmp_path)
    retire(tmp_path, clock.now, LIFE, key_id=first.key_id, at_once=True)
    clock.now += READ_AGAIN

    with pytest.raises(TokenInvalidError):
        await tokens.verify(stolen)
    await tokens.verify(tokens.issue(Bearer(uuid4(), "Ann", uuid4()), datetime.now(UTC)))


@pytest.mark.parametrize("trouble", ["a file that is no key", "no key", "no folder"])
def test_a_running_process_keeps_its_keys_when_the_folder_is_spoilt(tmp_path: Path, clock: Clock, trouble: str) -> None:
    folder = tmp_path / "keys"
    ring = KeyRing(folder, clock)
    key_id = ring.signing().key_id
    if trouble == "a file that is no key":
        (folder / "zzz.pem").write_bytes(b"nothing")
    else:
        (folder / f"{key_id}.pem").unlink()
    if trouble == "no folder":
        (folder / ".lock").unlink()
        folder.rmdir()
    clock.now += READ_AGAIN

    assert ring.signing().key_id == key_id
    assert len(ring.verifying()) == 1


def test_a_running_process_reads_again_after_its_clock_was_set_back(tmp_path: Path, clock: Clock) -> None:
    ring = KeyRing(tmp_path, clock)
    rotate(tmp_path)
    clock.now -= timedelta(days=1)

    assert len(ring.published()) == 2


def test_a_key_is_published_then_signs_then_verifies_then_is_done(tmp_path: Path) -> None:
    _, _, made_at = replaced(tmp_path)
    signs, verifies, published, done = KeyState.SIGNS, KeyState.VERIFIES, KeyState.PUBLISHED, KeyState.DONE

    assert {
        after: states(tmp_path, made_at + after)
        for after in (timedelta(), PUBLISHED_AHEAD - SECOND, PUBLISHED_AHEAD, DEAD - SECOND, DEAD)
    } == {
        timedelta(): [signs, published],
        PUBLISHED_AHEAD - SECOND: [signs, published],
        PUBLISHED_AHEAD: [verifies, signs],
        DEAD - SECOND: [verifies, signs],
        DEAD: [done, signs],
    }


def test_a_report_says_when_a_key_will_be_done(tmp_path: Path) -> None:
    first, second, made_at = replaced(tmp_path)

    assert report_keys(read_signing_keys(tmp_path), made_at + PUBLISHED_AHEAD, LIFE) == [
        KeyReport(first, KeyState.VERIFIES, made_at + DEAD),
        KeyReport(second, KeyState.SIGNS, None),
    ]


def test_only_keys_that_are_done_are_retired(tmp_path: Path) -> None:
    first, second, made_at = replaced(tmp_path)

    assert retire(tmp_path, made_at + DEAD - SECOND, LIFE) == []
    assert retire(tmp_path, made_at + DEAD, LIFE) == [first]
    assert [key.key_id for key in read_signing_keys(tmp_path).keys] == [second]


def test_a_key_that_is_needed_is_retired_only_when_that_is_meant(tmp_path: Path) -> None:
    first, second, made_at = replaced(tmp_path)

    for key_id in (first, second):
        with pytest.raises(KeyInUseError, match=key_id):
            retire(tmp_path, made_at + PUBLISHED_AHEAD, LIFE, key_id=key_id)
    assert retire(tmp_path, made_at, LIFE, key_id=first, at_once=True) == [first]
    assert read_signing_keys(tmp_path).signing(made_at).key_id == second


def test_the_only_key_is_never_retired(tmp_path: Path) -> None:
    (only,) = load_signing_keys(tmp_path).keys

    with pytest.raises(KeyInUseError, match="rotate first"):
        retire(tmp_path, datetime.now(UTC), LIFE, key_id=only.key_id, at_once=True)
    with pytest.raises(UnknownKeyError):
        retire(tmp_path, datetime.now(UTC), LIFE, key_id="another")


def test_a_key_with_a_name_of_its_own_signs_at_once(tmp_path: Path) -> None:
    (made,) = load_signing_keys(tmp_path).keys
    (tmp_path / f"{made.key_id}.pem").rename(tmp_path / "ours.pem")

    assert read_signing_keys(tmp_path).signing(datetime.now(UTC)).key_id == "ours"
