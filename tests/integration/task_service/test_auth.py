"""Registering, logging in, staying logged in, logging out."""

import asyncio
import dataclasses
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import jwt
from sqlalchemy import select

from contracts.events.user import SessionEnded, UserRegistered
from infra.auth.verify import verify
from task_service.credentials.key_ring import KeyRing
from task_service.models import Session
from tests.integration.task_service.client import PASSWORD, Api, Member, problem, wrong_places

LOGIN = "/api/auth/login"
REFRESH = "/api/auth/refresh"
LOGOUT = "/api/auth/logout"


def with_cookie(value: str) -> dict[str, str]:
    return {"Cookie": f"taskify_refresh={value}"}


async def log_in(api: Api, email: str, password: str = PASSWORD) -> httpx.Response:
    answer = await api.client.post(LOGIN, json={"email": email, "password": password})
    api.client.cookies.clear()
    return answer


async def test_registering_makes_an_account_and_tells_of_it(api: Api) -> None:
    account = await api.register(" Ann ", email="Ann@Example.org")

    assert account == {"id": account["id"], "email": "Ann@Example.org", "name": "Ann"}
    (event,) = await api.events()
    assert isinstance(event, UserRegistered)
    assert (event.data.user.id, event.data.user.name) == (UUID(account["id"]), "Ann")
    assert event.subject == event.partitionkey == account["id"]
    assert len(api.wake_ups) == 1


async def test_only_the_first_of_many_who_register_at_once_is_administrator(api: Api) -> None:
    accounts = await asyncio.gather(*(api.register(f"Person{number}") for number in range(8)))

    members = [await api.log_in(account) for account in accounts]
    roles = [(await member.request("GET", "/api/users/me")).json()["role"] for member in members]
    assert sorted(roles) == ["administrator", *["member"] * 7]


async def test_an_email_is_taken_however_it_is_capitalised(api: Api) -> None:
    await api.register("Ann", email="ann@example.org")

    answers = await asyncio.gather(
        *(
            api.client.post("/api/auth/register", json={"email": email, "name": "A", "password": PASSWORD})
            for email in ("ANN@example.org", "new@example.org", "New@Example.Org")
        )
    )

    assert problem(answers[0]) == (409, "email_taken")
    assert sorted(answer.status_code for answer in answers[1:]) == [201, 409]
    assert len(await api.events()) == 2


async def test_nobody_registers_when_registration_is_closed(api: Api) -> None:
    api.app.state.services = dataclasses.replace(api.app.state.services, registration_open=False)

    answer = await api.client.post(
        "/api/auth/register", json={"email": "ann@example.org", "name": "Ann", "password": PASSWORD}
    )

    assert problem(answer) == (403, "forbidden")


async def test_an_account_that_cannot_be_is_refused(api: Api) -> None:
    for field, value in (
        ("email", "ann"),
        ("email", "ann@"),
        ("email", "a nn@example.org"),
        ("email", "a\0@example.org"),
        ("email", "a@" + "b" * 260),
        ("name", " "),
        ("name", "x" * 101),
        ("name", "a\0"),
        ("password", "short"),
        ("password", "x" * 201),
        ("role", "administrator"),
    ):
        fields = {"email": "ann@example.org", "name": "Ann", "password": PASSWORD, field: value}
        answer = await api.client.post("/api/auth/register", json=fields)
        assert wrong_places(answer) == [f"body.{field}"], value
    assert await api.events() == []


async def test_logging_in_gives_a_token_that_the_published_keys_verify(api: Api, administrator: Member) -> None:
    answer = await log_in(api, administrator.email.upper())

    body = answer.json()
    assert body | {"access_token": ""} == {"access_token": "", "token_type": "Bearer", "expires_in": 900}
    keys = (await api.client.get("/.well-known/jwks.json")).json()["keys"]
    principal = verify(body["access_token"], {key["kid"]: jwt.PyJWK(key) for key in keys})
    assert (principal.user_id, principal.name) == (administrator.id, "Root")


async def test_the_refresh_cookie_is_hidden_from_scripts_other_sites_and_other_paths(
    api: Api, administrator: Member
) -> None:
    cookie = (await log_in(api, administrator.email)).headers["Set-Cookie"]

    assert {"HttpOnly", "SameSite=strict", "Path=/api/auth"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    api.app.state.services = dataclasses.replace(api.app.state.services, secure_cookie=True)
    assert "Secure" in (await log_in(api, administrator.email)).headers["Set-Cookie"].split("; ")


async def test_an_unknown_person_and_a_wrong_password_get_the_same_answer(api: Api, administrator: Member) -> None:
    wrong = await log_in(api, administrator.email, "wrong")
    unknown = await log_in(api, "nobody@example.org", "wrong")

    assert problem(wrong) == (401, "unauthenticated")
    assert wrong.json() == unknown.json()
    assert "Set-Cookie" not in wrong.headers


async def test_the_cookie_gives_new_tokens_until_its_session_expires(api: Api, administrator: Member) -> None:
    answer = await api.client.post(REFRESH, headers=with_cookie(administrator.cookie))
    me = await api.client.get("/api/users/me", headers={"Authorization": f"Bearer {answer.json()['access_token']}"})
    assert me.json()["id"] == str(administrator.id)

    await api.expire_session(administrator)

    refreshed = await api.client.post(REFRESH, headers=with_cookie(administrator.cookie))
    assert problem(refreshed) == (401, "unauthenticated")
    assert problem(await administrator.request("GET", "/api/users/me")) == (401, "unauthenticated")


async def test_no_cookie_or_a_forged_one_gives_no_token(api: Api) -> None:
    for cookie in (None, "", "forged", "ü"):
        headers = {} if cookie is None else {b"Cookie": f"taskify_refresh={cookie}".encode()}
        assert problem(await api.client.post(REFRESH, headers=headers)) == (401, "unauthenticated"), cookie


async def test_logging_out_ends_the_session_at_once_and_tells_of_it_once(api: Api, administrator: Member) -> None:
    other = await api.log_in({"id": str(administrator.id), "name": "Root", "email": administrator.email})

    for _ in range(2):
        answer = await api.client.post(LOGOUT, headers=with_cookie(administrator.cookie))
        assert answer.status_code == 204
        assert 'taskify_refresh=""' in answer.headers["Set-Cookie"]
        assert "Max-Age=0" in answer.headers["Set-Cookie"]

    assert problem(await administrator.request("GET", "/api/users/me")) == (401, "unauthenticated")
    refreshed = await api.client.post(REFRESH, headers=with_cookie(administrator.cookie))
    assert problem(refreshed) == (401, "unauthenticated")
    assert (await other.request("GET", "/api/users/me")).status_code == 200
    ended = [event for event in await api.events() if isinstance(event, SessionEnded)]
    assert [event.data.user_id for event in ended] == [administrator.id]
    assert ended[0].data.session_id == (await api.tokens.verify(administrator.token)).session_id


async def test_whoever_has_no_cookie_logs_out_with_the_token(api: Api, administrator: Member) -> None:
    assert (await administrator.request("POST", LOGOUT)).status_code == 204

    assert problem(await administrator.request("POST", "/api/tasks", json={"title": "x"})) == (401, "unauthenticated")
    assert (await api.event_types())[-1] == "SessionEnded"


async def test_logging_out_ends_the_sessions_of_cookie_and_token_when_they_differ(
    api: Api, administrator: Member
) -> None:
    """Somebody has logged in twice in one browser, and logs out in the window that was opened first."""
    second = await api.log_in({"id": str(administrator.id), "name": "Root", "email": administrator.email})

    answer = await administrator.request("POST", LOGOUT, headers=with_cookie(second.cookie))

    assert answer.status_code == 204
    for member in (administrator, second):
        assert problem(await member.request("GET", "/api/users/me")) == (401, "unauthenticated")


async def test_logging_out_needs_a_session(api: Api) -> None:
    assert problem(await api.client.post(LOGOUT)) == (401, "unauthenticated")


async def test_a_token_of_a_session_that_never_was_is_refused(api: Api, administrator: Member) -> None:
    administrator.token = api.token_for(administrator, uuid4())

    assert problem(await administrator.request("GET", "/api/users/me")) == (401, "unauthenticated")


async def test_a_token_of_somebody_elses_session_is_refused(api: Api, ann: Member, bob: Member) -> None:
    bobs_session = (await api.tokens.verify(bob.token)).session_id
    ann.token = api.token_for(ann, bobs_session)

    assert problem(await ann.request("GET", "/api/users/me")) == (401, "unauthenticated")


async def test_an_expired_token_is_refused_although_its_session_goes_on(api: Api, administrator: Member) -> None:
    session_id = (await api.tokens.verify(administrator.token)).session_id
    administrator.token = api.token_for(administrator, session_id, issued=-timedelta(minutes=16))

    answer = await administrator.request("GET", "/api/users/me")

    assert problem(answer) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "expired" in answer.json()["detail"]


async def test_logging_in_removes_the_sessions_that_are_over(api: Api, administrator: Member) -> None:
    account = {"id": str(administrator.id), "name": "Root", "email": administrator.email}
    expired, live = [await api.log_in(account) for _ in range(2)]
    await administrator.request("POST", LOGOUT)
    await api.expire_session(expired)

    newest = await api.log_in(account)

    async with api.engine.connect() as connection:
        stored = set((await connection.execute(select(Session.id))).scalars())
    assert stored == {(await api.tokens.verify(member.token)).session_id for member in (live, newest)}


async def test_a_token_signed_with_a_foreign_key_under_our_key_id_is_refused(
    administrator: Member, tmp_path: Path
) -> None:
    claims = jwt.decode(administrator.token, options={"verify_signature": False})
    foreign = KeyRing(tmp_path / "foreign").signing()
    for key_id in (foreign.key_id, jwt.get_unverified_header(administrator.token)["kid"]):
        administrator.token = jwt.encode(claims, foreign.private_key, algorithm="EdDSA", headers={"kid": key_id})
        assert problem(await administrator.request("GET", "/api/users/me")) == (401, "unauthenticated")


async def test_an_unsigned_token_is_refused(administrator: Member) -> None:
    claims = jwt.decode(administrator.token, options={"verify_signature": False})
    key_id = jwt.get_unverified_header(administrator.token)["kid"]
    administrator.token = jwt.encode(claims, "", algorithm="none", headers={"kid": key_id})

    assert problem(await administrator.request("GET", "/api/users/me")) == (401, "unauthenticated")


async def test_a_token_whose_claims_were_changed_is_refused(ann: Member, bob: Member) -> None:
    header, _, signature = ann.token.split(".")
    ann.token = ".".join((header, bob.token.split(".")[1], signature))

    assert problem(await ann.request("GET", "/api/users/me")) == (401, "unauthenticated")
