import asyncio
import threading
from datetime import timedelta
from typing import Literal

import argon2
import pytest

from infra.errors import UnavailableError
from task_service.credentials.passwords import Passwords
from task_service.credentials.refresh_tokens import (
    family_hash,
    new_refresh_token,
    new_salt,
    next_refresh_token,
    refresh_hash,
)

LIFE = timedelta(minutes=15)


def cheap() -> argon2.PasswordHasher:
    return argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def test_a_password_is_verified_by_its_hash_alone() -> None:
    passwords = Passwords(cheap())
    stored = await passwords.hash("correct horse")

    assert stored.startswith("$argon2id$")
    assert "horse" not in stored
    assert await passwords.verify(stored, "correct horse")
    assert not await passwords.verify(stored, "wrong horse")


async def test_nobody_has_no_password_not_even_the_one_that_is_compared() -> None:
    assert not await Passwords(cheap()).verify(None, "the password of nobody")


class Noted(argon2.PasswordHasher):
    """Notes of which hashes the work was done."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[argon2.Parameters] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 (argon2's name)
        self.verified.append(argon2.extract_parameters(str(hash)))
        return super().verify(hash, password)


async def test_the_work_for_somebody_unknown_is_the_same() -> None:
    """The hash that stands in has the parameters of a real one, on which the work depends."""
    hasher = Noted()
    passwords = Passwords(hasher)
    somebody = await passwords.hash("x" * 8)

    assert not await passwords.verify(somebody, "wrong password")
    assert not await passwords.verify(None, "wrong password")
    known, unknown = hasher.verified
    assert known == unknown


async def test_passwords_are_hashed_beside_the_event_loop() -> None:
    threads: list[int] = []

    class Seen(argon2.PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            threads.append(threading.get_ident())
            return cheap().hash(password, salt=salt)

        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 (argon2's name)
            threads.append(threading.get_ident())
            return cheap().verify(hash, password)

    passwords = Passwords(Seen())
    threads.clear()
    assert await passwords.verify(await passwords.hash("correct horse"), "correct horse")

    assert len(threads) == 2
    assert threading.get_ident() not in threads


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
