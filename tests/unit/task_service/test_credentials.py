import asyncio
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import argon2
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra.auth import TokenExpiredError, TokenInvalidError
from infra.errors import UnavailableError
from task_service.credentials.access_tokens import AccessTokens, Bearer
from task_service.credentials.passwords import Passwords
from task_service.credentials.refresh_tokens import (
    family_hash,
    new_refresh_token,
    new_salt,
    next_refresh_token,
    refresh_hash,
)
from task_service.credentials.signing_keys import UnusableKeyError, load_signing_keys

LIFE = timedelta(minutes=15)


def cheap() -> argon2.PasswordHasher:
    return argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_an_empty_folder_gets_one_key_which_only_its_owner_reads(tmp_path: Path) -> None:
    made = load_signing_keys(tmp_path / "keys")
    again = load_signing_keys(tmp_path / "keys")

    (file,) = (tmp_path / "keys").glob("*.pem")
    assert file.stem == made.key_id == again.key_id
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert made.published == again.published


def test_processes_that_start_at_once_share_the_first_key(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def start() -> str:
        together.wait()
        return load_signing_keys(tmp_path).key_id

    with ThreadPoolExecutor(8) as threads:
        starting = [threads.submit(start) for _ in range(8)]

    assert {each.result() for each in starting} == {load_signing_keys(tmp_path).key_id}


async def test_a_new_key_signs_and_the_one_before_still_verifies(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    first = load_signing_keys(old)
    second = load_signing_keys(new)
    (new / f"{second.key_id}.pem").rename(old / f"{second.key_id}.pem")
    both = load_signing_keys(old)

    before = AccessTokens(first, LIFE).issue(Bearer(uuid4(), "Ann", uuid4()), datetime.now(UTC))

    assert both.key_id == second.key_id
    assert {key["kid"] for key in both.published} == {first.key_id, second.key_id}
    assert (await AccessTokens(both, LIFE).verify(before)).name == "Ann"


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
    tokens = AccessTokens(load_signing_keys(tmp_path), LIFE)
    bearer, now = Bearer(uuid4(), "Ann", uuid4()), datetime.now(UTC)

    principal = await tokens.verify(tokens.issue(bearer, now))

    assert (principal.user_id, principal.name, principal.session_id) == (bearer.user_id, "Ann", bearer.session_id)
    assert abs(principal.expires_at - (now + LIFE)) <= timedelta(seconds=1)
    with pytest.raises(TokenExpiredError):
        await tokens.verify(tokens.issue(bearer, now - LIFE - timedelta(seconds=10)))


async def test_a_token_of_foreign_keys_is_refused(tmp_path: Path) -> None:
    ours = AccessTokens(load_signing_keys(tmp_path / "ours"), LIFE)
    foreign = AccessTokens(load_signing_keys(tmp_path / "foreign"), LIFE)

    with pytest.raises(TokenInvalidError):
        await ours.verify(foreign.issue(Bearer(uuid4(), "Ann", uuid4()), datetime.now(UTC)))


async def test_a_password_is_verified_by_its_hash_alone() -> None:
    passwords = Passwords(cheap())
    stored = await passwords.hash("correct horse")

    assert stored.startswith("$argon2id$")
    assert "horse" not in stored
    assert await passwords.verify(stored, "correct horse")
    assert not await passwords.verify(stored, "wrong horse")


async def test_nobody_has_no_password_not_even_the_one_that_is_compared() -> None:
    assert not await Passwords(cheap()).verify(None, "the password of nobody")


async def test_the_work_for_somebody_unknown_is_the_same() -> None:
    """The hash that stands in has the parameters of a real one, on which the work depends."""
    passwords = Passwords(cheap())
    real = argon2.extract_parameters(await passwords.hash("x" * 8))

    assert argon2.extract_parameters(passwords._of_nobody) == real


class Held(argon2.PasswordHasher):
    """Hashes only when it is let go."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go = threading.Event()
        self.go.set()
        self.running = 0
        self.most = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.running += 1
        self.most = max(self.most, self.running)
        self.go.wait(10)
        self.running -= 1
        return super().hash(password, salt=salt)


async def test_only_so_many_passwords_are_hashed_at_once_and_only_so_many_wait() -> None:
    hasher = Held()
    passwords = Passwords(hasher, at_once=1, waiting=2)
    hasher.go.clear()

    async with asyncio.TaskGroup() as group:
        accepted = [group.create_task(passwords.hash(str(number))) for number in range(3)]
        for _ in range(100):
            await asyncio.sleep(0)
        with pytest.raises(UnavailableError):
            await passwords.hash("one too many")
        hasher.go.set()

    assert len({task.result() for task in accepted}) == 3
    assert hasher.most == 1


def test_refresh_tokens_are_long_all_different_and_stored_as_a_hash() -> None:
    tokens = {new_refresh_token() for _ in range(100)}

    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 43
    assert {len(refresh_hash(token)) for token in tokens} == {32}
    assert refresh_hash("\udcff")


def test_a_refresh_token_and_a_salt_always_give_the_same_next_one_of_the_same_family() -> None:
    first, salt = new_refresh_token(), new_salt()
    second = next_refresh_token(first, salt)
    third = next_refresh_token(second, salt)

    assert second == next_refresh_token(first, salt)
    assert len({first, second, third, next_refresh_token(first, new_salt())}) == 4
    assert len({family_hash(token) for token in (first, second, third)}) == 1
    assert refresh_hash(first) == family_hash(first)
    assert len(third) <= 200, "what the API takes as a cookie"
