"""Wrong passwords: how many of them, and what whoever sends them learns."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event, func, select

from infra.errors import UnavailableError
from task_service.commands.login_throttle import LoginThrottle, ThrottleLimits
from task_service.credentials.passwords import Passwords
from task_service.models import LoginAttempt
from tests.integration.task_service.client import PASSWORD, Api, Member, problem

LOGIN = "/api/auth/login"
LIMITS = ThrottleLimits(of_an_account=3, of_an_address=5, window=timedelta(minutes=15))
WRONG = "wrong"
PROXY = ("10.0.0.1", 1)


class Throttled:
    """Logs in, as the API does whose clock a test moves."""

    def __init__(self, api: Api, limits: ThrottleLimits = LIMITS) -> None:
        self.api = api
        self.now = datetime.now(UTC)
        services = api.app.state.services
        self.throttle = LoginThrottle(services.unit_of_work, limits, clock=lambda: self.now)
        api.app.state.services = dataclasses.replace(services, throttle=self.throttle)

    async def log_in(self, email: str, password: str = WRONG, address: str = "198.51.100.1") -> httpx.Response:
        answer = await self.api.client.post(
            LOGIN, json={"email": email, "password": password}, headers={"X-Forwarded-For": address}
        )
        self.api.client.cookies.clear()
        return answer

    async def statuses(self, times: int, email: str, address: str = "198.51.100.1") -> list[int]:
        return [(await self.log_in(email, address=address)).status_code for _ in range(times)]

    async def attempts(self) -> int:
        async with self.api.engine.connect() as connection:
            return await connection.scalar(select(func.count()).select_from(LoginAttempt)) or 0


@pytest.fixture
def throttled(api: Api) -> Throttled:
    """Behind a proxy, so that a test says which address a client has."""
    api.client._transport.client = PROXY  # type: ignore[attr-defined]  # (the transport of ASGI has one)
    return Throttled(api)


async def test_too_many_wrong_passwords_of_one_account_refuse_the_right_one_too(
    throttled: Throttled, ann: Member
) -> None:
    assert await throttled.statuses(3, ann.email.upper()) == [401, 401, 401]

    refused = await throttled.log_in(ann.email, PASSWORD, address="198.51.100.2")

    assert problem(refused) == (429, "too_many_requests")
    assert refused.headers["Retry-After"] == "900"
    assert "Set-Cookie" not in refused.headers


async def test_a_throttle_ends_when_its_first_wrong_password_is_old_enough(throttled: Throttled, ann: Member) -> None:
    for _ in range(3):
        await throttled.log_in(ann.email)
        throttled.now += timedelta(minutes=5) - timedelta(seconds=1)

    assert (await throttled.log_in(ann.email, PASSWORD)).headers["Retry-After"] == "3"
    throttled.now += timedelta(seconds=3)
    assert (await throttled.log_in(ann.email, PASSWORD)).status_code == 200


async def test_knocking_at_a_throttled_account_does_not_prolong_it(throttled: Throttled, ann: Member) -> None:
    assert await throttled.statuses(8, ann.email) == [401] * 3 + [429] * 5
    throttled.now += LIMITS.window

    assert (await throttled.log_in(ann.email, PASSWORD)).status_code == 200


async def test_somebody_unknown_is_throttled_with_the_very_same_answers(throttled: Throttled, ann: Member) -> None:
    known = [await throttled.log_in(ann.email) for _ in range(4)]
    unknown = [await throttled.log_in("nobody@example.org", address="198.51.100.2") for _ in range(4)]

    assert [answer.status_code for answer in known] == [401, 401, 401, 429]
    assert [(answer.status_code, answer.json()) for answer in known] == [
        (answer.status_code, answer.json()) for answer in unknown
    ]


async def test_somebody_unknown_costs_the_same_statements(throttled: Throttled, ann: Member) -> None:
    """With the same hash to compute, which another test holds, both take the same time."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(throttled.api.engine.sync_engine, "before_cursor_execute", note)
    await throttled.log_in(ann.email)
    known = statements.copy()
    statements.clear()
    await throttled.log_in("nobody@example.org")

    assert known == statements
    assert known


async def test_one_address_may_not_try_many_accounts(throttled: Throttled, ann: Member, bob: Member) -> None:
    assert await throttled.statuses(3, ann.email) + await throttled.statuses(2, bob.email) == [401] * 5

    assert problem(await throttled.log_in("root@example.org", PASSWORD)) == (429, "too_many_requests")
    assert (await throttled.log_in(bob.email, PASSWORD, address="198.51.100.2")).status_code == 200


async def test_an_address_of_ones_own_invention_does_not_help(api: Api, ann: Member) -> None:
    """This client is no trusted proxy."""
    throttled = Throttled(api)

    for number in range(5):
        await throttled.log_in(f"{number}@example.org", address=f"198.51.100.{number}")

    assert (await throttled.log_in(ann.email, PASSWORD, address="198.51.100.9")).status_code == 429


async def test_of_many_guesses_sent_at_once_no_more_than_the_limit_are_tried(throttled: Throttled, ann: Member) -> None:
    answers = await asyncio.gather(*(throttled.log_in(ann.email, address=f"198.51.{number}.1") for number in range(12)))

    assert sorted(answer.status_code for answer in answers) == [401] * 3 + [429] * 9


async def test_right_passwords_count_for_nothing(throttled: Throttled, ann: Member) -> None:
    for _ in range(8):
        assert (await throttled.log_in(ann.email, PASSWORD)).status_code == 200

    assert await throttled.attempts() == 0


class Overloaded(Passwords):
    async def verify(self, _hash: str | None, _password: str) -> bool:
        raise UnavailableError("too many people are logging in at this moment")


async def test_a_password_that_nobody_looked_at_counts_for_nothing(throttled: Throttled, ann: Member) -> None:
    services = throttled.api.app.state.services
    throttled.api.app.state.services = dataclasses.replace(services, passwords=Overloaded())

    assert await throttled.statuses(4, ann.email) == [503] * 4
    assert await throttled.attempts() == 0


async def test_changing_the_password_has_the_same_guard(throttled: Throttled, ann: Member) -> None:
    async def change(old: str) -> httpx.Response:
        return await ann.request("PUT", "/api/users/me/password", json={"old": old, "new": "another password"})

    assert [(await change("wrong")).status_code for _ in range(3)] == [422] * 3
    refused = await change(PASSWORD)

    assert problem(refused) == (429, "too_many_requests")
    assert refused.headers["Retry-After"] == "900"
    assert (await throttled.log_in(ann.email, PASSWORD)).status_code == 429


async def test_two_api_processes_count_together(throttled: Throttled, ann: Member) -> None:
    await throttled.statuses(3, ann.email)
    another = Throttled(throttled.api)

    assert (await another.log_in(ann.email, PASSWORD)).status_code == 429


async def test_what_nobody_looks_back_to_is_removed(throttled: Throttled) -> None:
    for number in range(4):
        await throttled.statuses(5, f"{number}@example.org", address=f"198.51.{number}.1")
    throttled.now += LIMITS.window

    await throttled.log_in("new@example.org")

    assert await throttled.attempts() == 1


async def test_nothing_that_was_typed_is_stored_in_the_clear(throttled: Throttled) -> None:
    await throttled.log_in("my-password@example.org")

    async with throttled.api.engine.connect() as connection:
        (row,) = (await connection.execute(select(LoginAttempt.account, LoginAttempt.address))).all()
    assert [len(part) for part in row] == [32, 32]
