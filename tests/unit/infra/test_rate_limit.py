"""Buckets that fill again, and who is counted by which."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st

from contracts.tokens import Principal
from infra.auth import TokenInvalidError
from infra.clock import system_clock
from infra.errors import TooManyRequestsError
from infra.http.problems import install_problems
from infra.http.rate_limit import AddressLimit, Rate, RequestLimits, TokenBuckets

RATE = Rate(a_second=2, burst=5)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(buckets: TokenBuckets, key: str, times: int) -> int:
    """Ask so many times, and say how often that was granted."""
    granted = 0
    for _ in range(times):
        try:
            buckets.take(key)
        except TooManyRequestsError:
            continue
        granted += 1
    return granted


def test_a_burst_is_granted_and_then_the_rate(clock: Clock) -> None:
    buckets = TokenBuckets(RATE, clock=clock)

    assert taken(buckets, "ann", 20) == 5
    clock.now += 1
    assert taken(buckets, "ann", 20) == 2
    clock.now += 3_600
    assert taken(buckets, "ann", 20) == 5


def test_whoever_is_refused_is_told_when_to_come_back_and_is_let_in_then(clock: Clock) -> None:
    buckets = TokenBuckets(Rate(a_second=0.25, burst=1), clock=clock)
    buckets.take("ann")
    clock.now += 1.5

    with pytest.raises(TooManyRequestsError) as refused:
        buckets.take("ann")

    assert refused.value.retry_after_seconds == 3
    clock.now += 3
    buckets.take("ann")


def test_nobody_pays_for_another(clock: Clock) -> None:
    buckets = TokenBuckets(RATE, clock=clock)
    taken(buckets, "ann", 20)

    assert taken(buckets, "bob", 20) == 5


def test_only_so_many_are_remembered_and_who_is_full_again_is_not(clock: Clock) -> None:
    buckets = TokenBuckets(RATE, keys=10, clock=clock)
    for number in range(100):
        taken(buckets, str(number), 5)
    assert len(buckets) == 10
    assert taken(buckets, "99", 5) == 0

    clock.now += 60
    buckets.take("somebody")
    assert len(buckets) == 1


@given(st.lists(st.floats(0, 5), max_size=60))
def test_never_more_than_the_burst_and_what_the_time_has_added(pauses: list[float]) -> None:
    clock = Clock()
    began = clock.now
    buckets = TokenBuckets(RATE, clock=clock)
    granted = 0
    for pause in pauses:
        clock.now += pause
        granted += taken(buckets, "ann", 3)
        assert granted <= RATE.burst + (clock.now - began) * RATE.a_second + 1e-6


class Names:
    """Takes a token for the id of its person."""

    async def verify(self, token: str) -> Principal:
        try:
            user_id = UUID(token)
        except ValueError as error:
            raise TokenInvalidError("the token is not valid") from error
        return Principal(user_id=user_id, name="Ann", session_id=uuid4(), expires_at=system_clock())


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    limits = RequestLimits(of_a_person=Rate(0.01, 3), of_an_address=Rate(0.01, 5))
    app = FastAPI()
    install_problems(app, {})

    @app.api_route("/api/things", methods=["GET", "POST"])
    async def things(request: Request) -> str:
        return (await limits.principal_of(request, Names())).name

    @app.post("/api/auth/login")
    async def login() -> str:
        return "in"

    @app.get("/page")
    async def page() -> str:
        return "page"

    transport = httpx.ASGITransport(AddressLimit(app, limits))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


async def statuses(client: httpx.AsyncClient, times: int, path: str, token: object = None, method: str = "GET") -> str:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return " ".join([str((await client.request(method, path, headers=headers)).status_code) for _ in range(times)])


async def test_a_person_is_counted_by_their_token_wherever_they_are(client: httpx.AsyncClient) -> None:
    for person in (uuid4(), uuid4()):
        assert await statuses(client, 4, "/api/things", person) == "200 200 200 429"


async def test_who_has_no_token_is_counted_by_the_address(client: httpx.AsyncClient) -> None:
    assert await statuses(client, 6, "/api/things") == "401 401 401 401 401 429"
    assert await statuses(client, 3, "/api/things", uuid4()) == "200 200 200"


async def test_a_bad_token_is_counted_by_the_address_and_each_once(client: httpx.AsyncClient) -> None:
    assert await statuses(client, 6, "/api/things", "forged") == "401 401 401 401 401 429"


@pytest.mark.parametrize("token", [None, "forged", uuid4()])
async def test_logging_in_is_counted_by_the_address_whatever_token_comes_with_it(
    client: httpx.AsyncClient, token: object
) -> None:
    assert await statuses(client, 6, "/api/auth/login", token, "POST") == "200 200 200 200 200 429"


async def test_the_page_itself_is_not_counted(client: httpx.AsyncClient) -> None:
    assert set((await statuses(client, 20, "/page")).split()) == {"200"}


async def test_a_refusal_is_a_problem_that_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    person = uuid4()
    await statuses(client, 5, "/api/things")
    await statuses(client, 3, "/api/things", person)

    by_address = await client.post("/api/things", content=b"x" * 100_000)
    by_person = await client.get("/api/things", headers={"Authorization": f"Bearer {person}"})

    for refused in (by_address, by_person):
        assert refused.json()["type"] == "too_many_requests"
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert 90 <= int(refused.headers["Retry-After"]) <= 100
