"""What every route answers to a request that is no good, and what every answer carries."""

import json
import re
from collections.abc import AsyncIterator

import pytest

from infra.database.engine import create_engine
from tests.integration.task_service.client import ORIGIN, Api, Member, problem, wrong_places

BODIES = [
    ("POST", "/api/auth/register"),
    ("POST", "/api/auth/login"),
    ("PATCH", "/api/users/me"),
    ("PUT", "/api/users/me/password"),
    ("DELETE", "/api/users/me"),
    ("POST", "/api/tasks"),
    ("PATCH", "/api/tasks/{task}"),
    ("POST", "/api/tasks/{task}/comments"),
]
OF_MEMBERS = [
    ("GET", "/api/users"),
    ("GET", "/api/users/me"),
    ("PATCH", "/api/users/me"),
    ("PUT", "/api/users/me/password"),
    ("DELETE", "/api/users/me"),
    ("POST", "/api/users/me/export"),
    ("GET", "/api/users/me/export/{task}"),
    ("GET", "/api/users/me/export/{task}/file"),
    ("DELETE", "/api/users/{task}"),
    ("PUT", "/api/users/{task}/role"),
    ("DELETE", "/api/users/{task}/role"),
    ("GET", "/api/tasks"),
    ("POST", "/api/tasks"),
    ("GET", "/api/tasks/{task}"),
    ("PATCH", "/api/tasks/{task}"),
    ("DELETE", "/api/tasks/{task}"),
    ("GET", "/api/tasks/{task}/comments"),
    ("POST", "/api/tasks/{task}/comments"),
    ("DELETE", "/api/tasks/{task}/comments/{task}"),
    ("GET", "/api/tasks/{task}/watchers"),
    ("PUT", "/api/tasks/{task}/watch"),
    ("DELETE", "/api/tasks/{task}/watch"),
]
TASK = "01890000-0000-7000-8000-000000000000"
JSON = {"Content-Type": "application/json"}


def test_the_routes_of_these_tests_are_all_there_are(api: Api) -> None:
    operations = {
        (method.upper(), re.sub(r"\{\w+\}", "{task}", path))
        for path, methods in api.app.openapi()["paths"].items()
        for method in methods
    }
    public = {
        ("POST", "/api/auth/register"),
        ("POST", "/api/auth/login"),
        ("POST", "/api/auth/refresh"),
        ("POST", "/api/auth/logout"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/config.json"),
        ("GET", "/api/erasures/{task}"),
    }

    assert operations == set(OF_MEMBERS) | public


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer nonsense", "Basic YTpi"])
async def test_no_route_of_members_is_open_to_others(api: Api, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}

    for method, path in OF_MEMBERS:
        answer = await api.client.request(method, path.format(task=TASK), headers=headers, json={})
        assert problem(answer) == (401, "unauthenticated"), (method, path)


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense"])
async def test_a_broken_body_of_nobody_is_answered_as_nobodys(api: Api, authorization: str | None) -> None:
    headers = {**JSON, **({"Authorization": authorization} if authorization else {})}
    for method, path in BODIES:
        if (method, path) in OF_MEMBERS:
            answer = await api.client.request(method, path.format(task=TASK), content=b'{"title": ', headers=headers)
            assert problem(answer) == (401, "unauthenticated"), (method, path)


async def test_a_body_that_is_not_json_is_malformed(ann: Member) -> None:
    for method, path in BODIES:
        answer = await ann.request(method, path.format(task=TASK), content=b'{"title": ', headers=JSON)
        assert problem(answer) == (400, "invalid_request"), (method, path)


async def test_a_field_that_nobody_knows_is_refused(ann: Member) -> None:
    for method, path in BODIES:
        answer = await ann.request(method, path.format(task=TASK), json={"surprise": 1})
        assert "body.surprise" in wrong_places(answer), (method, path)


async def test_a_body_over_the_limit_is_refused_whether_its_length_was_said_or_not(ann: Member) -> None:
    body = json.dumps({"title": "x" * 2**20}).encode()

    async def unannounced() -> AsyncIterator[bytes]:
        yield body

    for method, path in BODIES:
        for content in (body, unannounced()):
            answer = await ann.request(method, path.format(task=TASK), content=content, headers=JSON)
            assert problem(answer) == (413, "payload_too_large"), (method, path)


async def test_a_body_of_another_shape_is_a_problem_and_never_a_failure(ann: Member) -> None:
    for content in (b"[]", b"null", b'"text"', b"1e999", b"\xff", b"[" * 100_000):
        answer = await ann.request("POST", "/api/tasks", content=content, headers=JSON)
        assert problem(answer)[0] in {400, 422}, content[:10]


async def test_a_body_that_does_not_say_it_is_json_is_of_an_unsupported_type(ann: Member) -> None:
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}, {}):
        answer = await ann.request("POST", "/api/tasks", content=b'{"title": "x"}', headers=headers)
        assert problem(answer) == (415, "unsupported_media_type"), headers
    assert wrong_places(await ann.request("POST", "/api/tasks")) == ["body"]
    charset = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert (await ann.request("POST", "/api/tasks", content=b'{"title": "x"}', headers=charset)).status_code == 201


async def test_a_lone_surrogate_is_refused(ann: Member) -> None:
    answer = await ann.request("POST", "/api/tasks", content=b'{"title": "\\ud800"}', headers=JSON)

    assert wrong_places(answer) == ["body.title"]


async def test_an_unknown_address_of_the_api_is_not_found(api: Api) -> None:
    for path in ("/api", "/api/nothing", "/api/tasks/", "/.well-known/x", "/metrics", "/health"):
        assert problem(await api.client.get(path)) == (404, "not_found"), path


async def test_a_method_that_a_route_does_not_have_is_not_allowed(api: Api) -> None:
    assert problem(await api.client.put("/api/tasks")) == (405, "method_not_allowed")


async def test_a_database_that_is_away_is_unavailable_and_not_ready(api: Api, administrator: Member) -> None:
    away = create_engine("postgresql://nobody:x@127.0.0.1:1/none", application_name="test")
    services = api.app.state.services
    object.__setattr__(services, "database", away)

    answer = await administrator.request("GET", "/api/tasks")

    assert problem(answer) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"


async def test_health_tells_of_the_database_and_its_tables(api: Api) -> None:
    assert (await api.client.get("/health/live")).status_code == 200
    ready = await api.client.get("/health/ready")
    assert (ready.status_code, ready.json()["checks"]) == (200, {"database": "ok", "tables": "ok"})

    async with api.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE relay_lease, comments")

    unready = await api.client.get("/health/ready")
    assert unready.status_code == 503
    assert "comments, relay_lease" in unready.json()["checks"]["tables"]


async def test_every_answer_has_the_security_headers_and_the_api_is_not_cached(api: Api) -> None:
    for path in ("/", "/api/tasks", "/api/nothing", "/health/live"):
        headers = (await api.client.get(path)).headers
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["connect-src"] == "'self' http://api.example http://notifications.example ws://socket.example/ws"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert (headers.get("Cache-Control") == "no-store") == path.startswith("/api")


async def test_only_the_origins_of_the_settings_may_read_answers(ann: Member) -> None:
    ours = await ann.request("GET", "/api/users/me", headers={"Origin": ORIGIN})
    foreign = await ann.request("GET", "/api/users/me", headers={"Origin": "http://evil.example"})

    assert ours.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert ours.headers["Access-Control-Allow-Credentials"] == "true"
    assert {"ETag", "Link", "Location"} <= set(ours.headers["Access-Control-Expose-Headers"].split(", "))
    assert "Access-Control-Allow-Origin" not in foreign.headers


async def test_a_change_from_another_origin_is_announced_by_a_preflight(api: Api) -> None:
    def preflight(origin: str) -> dict[str, str]:
        return {
            "Origin": origin,
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,content-type,if-match",
        }

    allowed = await api.client.options(f"/api/tasks/{TASK}", headers=preflight(ORIGIN))
    refused = await api.client.options(f"/api/tasks/{TASK}", headers=preflight("http://evil.example"))

    assert (allowed.status_code, refused.status_code) == (200, 400)


async def test_configuration_and_keys_are_public(api: Api) -> None:
    assert (await api.client.get("/config.json")).json() == {
        "apiUrl": "http://api.example",
        "notificationsUrl": "http://notifications.example",
        "socketUrl": "ws://socket.example/ws",
    }
    (key,) = (await api.client.get("/.well-known/jwks.json")).json()["keys"]
    assert set(key) == {"kid", "kty", "crv", "x", "use", "alg"}
