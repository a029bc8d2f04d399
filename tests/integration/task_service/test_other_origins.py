"""What the pages of others can do with a browser that is logged in here: nothing, whatever site they are on."""

import dataclasses

import pytest

from contracts.events.user import SessionEnded
from task_service.api.middleware import security_headers
from tests.integration.task_service.client import ADDRESSES, ORIGIN, PASSWORD, Api, Member, problem

FOREIGN = [
    "http://evil.example",
    "http://evil.page.example",
    "http://page.example.evil.example",
    "https://page.example",
    "http://page.example:8080",
    "http://PAGE.example",
    "null",
    "",
]


def cookie_of(member: Member, origin: str) -> dict[str, str]:
    return {"Cookie": f"taskify_refresh={member.cookie}", "Origin": origin}


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_page_can_use_no_cookie_and_log_nobody_in_or_out(api: Api, ann: Member, origin: str) -> None:
    credentials = {"email": ann.email, "password": PASSWORD}

    for path, body in (("refresh", None), ("logout", None), ("login", credentials), ("register", credentials)):
        answer = await api.client.post(f"/api/auth/{path}", json=body, headers=cookie_of(ann, origin))
        assert problem(answer) == (403, "forbidden"), path
        assert "Set-Cookie" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert not any(isinstance(event, SessionEnded) for event in await api.events())


@pytest.mark.parametrize("origin", [ORIGIN, ADDRESSES.api_url])
async def test_our_own_page_can(api: Api, ann: Member, origin: str) -> None:
    answer = await api.client.post("/api/auth/refresh", headers=cookie_of(ann, origin))

    assert answer.status_code == 200


async def test_the_cookie_alone_opens_nothing_but_a_refresh(api: Api, ann: Member) -> None:
    for method, path in (("GET", "/api/users/me"), ("POST", "/api/tasks"), ("PUT", "/api/users/me/password")):
        answer = await api.client.request(method, path, json={}, headers=cookie_of(ann, ORIGIN))
        assert problem(answer) == (401, "unauthenticated"), path


@pytest.mark.parametrize("origin", FOREIGN)
async def test_no_foreign_page_may_read_answers_or_announce_a_change(api: Api, ann: Member, origin: str) -> None:
    read = await ann.request("GET", "/api/users/me", headers={"Origin": origin})
    asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
    announced = await api.client.options("/api/users/me", headers=asked)

    assert "Access-Control-Allow-Origin" not in read.headers
    assert "Access-Control-Allow-Origin" not in announced.headers


def test_over_https_browsers_are_told_to_stay_there() -> None:
    plain = security_headers(ADDRESSES)
    secure = security_headers(ADDRESSES.model_copy(update={"api_url": "https://api.example"}))

    assert "Strict-Transport-Security" not in plain
    assert secure["Strict-Transport-Security"] == "max-age=31536000"


async def test_every_cookie_over_https_is_secure(api: Api, ann: Member) -> None:
    api.app.state.services = dataclasses.replace(api.app.state.services, secure_cookie=True)
    headers = {"Cookie": f"taskify_refresh={ann.cookie}"}

    for path in ("refresh", "logout"):
        answer = await api.client.post(f"/api/auth/{path}", headers=headers)
        parts = {part.split("=")[0].lower() for part in answer.headers["Set-Cookie"].split("; ")}
        assert {"secure", "httponly", "samesite"} <= parts, path
