"""That the API counts requests: by person with a token, by address before there is one."""

import dataclasses

import httpx
import pytest

from infra.http.rate_limit import Rate, RequestLimits
from task_service.api.middleware import wrap
from tests.integration.task_service.client import ADDRESSES, ORIGIN, PASSWORD, Api, Member, problem

SLOW = Rate(0.01, 3)


@pytest.fixture
async def limited(api: Api, ann: Member, bob: Member) -> Api:
    limits = RequestLimits(SLOW, SLOW)
    api.app.state.services = dataclasses.replace(api.app.state.services, limits=limits)
    transport = httpx.ASGITransport(wrap(api.app, ADDRESSES, [ORIGIN], limits), raise_app_exceptions=False)
    api.client = httpx.AsyncClient(transport=transport, base_url="http://api.example")
    ann.client = bob.client = api.client
    return api


async def test_a_person_has_a_share_of_their_own_on_every_route(limited: Api, ann: Member, bob: Member) -> None:
    paths = ("/api/users/me", "/api/tasks", "/api/users")
    for member in (ann, bob):
        assert [(await member.request("GET", path)).status_code for path in paths] == [200] * 3
        refused = await member.request("POST", "/api/tasks", json={"title": "x"}, headers={"Origin": ORIGIN})
        assert problem(refused) == (429, "too_many_requests")
        # A share of one in 100 s, less what the requests before have taken.
        assert 60 < int(refused.headers["Retry-After"]) <= 100
        assert refused.headers["Access-Control-Allow-Origin"] == ORIGIN, "the page may read it"
    await limited.client.aclose()


async def test_broken_bodies_are_counted_like_all_others(limited: Api, ann: Member) -> None:
    json = {"Content-Type": "application/json"}
    nobody = {**json, "Authorization": "Bearer nonsense"}
    answers = [await limited.client.post("/api/tasks", content=b"{", headers=nobody) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]

    answers = [await ann.request("POST", "/api/tasks", content=b"{", headers=json) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 429]
    await limited.client.aclose()


async def test_reading_receipts_is_counted_by_the_address_whatever_token_comes_with_it(limited: Api) -> None:
    path, token = "/api/erasures/01890000-0000-7000-8000-000000000000", {"Authorization": "Bearer nonsense"}
    answers = [await limited.client.get(path, headers=token) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    await limited.client.aclose()


async def test_before_a_login_the_address_is_counted_and_people_with_tokens_go_on(limited: Api, ann: Member) -> None:
    wrong = {"email": "nobody@example.org", "password": "wrong"}
    answers = [await limited.client.post("/api/auth/login", json=wrong) for _ in range(3)]
    refused = await limited.client.post("/api/auth/login", json={"email": ann.email, "password": PASSWORD})

    assert [answer.status_code for answer in answers] == [401] * 3
    assert problem(refused) == (429, "too_many_requests")
    assert {"Content-Security-Policy", "Retry-After"} <= set(map(str.title, refused.headers))
    assert (await ann.request("GET", "/api/users/me")).status_code == 200
    for path in ("/", "/.well-known/jwks.json", "/config.json", "/health/live"):
        assert (await limited.client.get(path)).status_code == 200, "who serves the page is not asked for a token"
    await limited.client.aclose()
