"""Going on with a session: every refresh replaces its cookie, and one that was replaced must not come again."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select, text, update

from contracts.events.user import SessionEnded
from task_service.credentials.refresh_tokens import new_refresh_token, refresh_hash
from task_service.models import Session
from tests.integration.task_service.client import Api, Member, problem

REFRESH = "/api/auth/refresh"
LOGOUT = "/api/auth/logout"


async def refresh(api: Api, cookie: str) -> httpx.Response:
    answer = await api.client.post(REFRESH, headers={"Cookie": f"taskify_refresh={cookie}"})
    api.client.cookies.clear()
    return answer


async def renewed(api: Api, cookie: str) -> str:
    """Refresh, and give the new cookie."""
    answer = await refresh(api, cookie)
    assert answer.status_code == 200, answer.text
    return str(answer.cookies["taskify_refresh"])


async def let_grace_pass(api: Api) -> None:
    async with api.engine.begin() as connection:
        await connection.execute(update(Session).values(rotated_at=datetime.now(UTC) - timedelta(seconds=61)))


async def until_waiting(api: Api, requests: int) -> None:
    """Return when so many requests wait for a row that another transaction holds."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(30), api.engine.connect() as connection:
        while await connection.scalar(waiting) != requests:
            await connection.rollback()
            await asyncio.sleep(0.01)


async def ended_sessions(api: Api) -> list[SessionEnded]:
    return [event for event in await api.events() if isinstance(event, SessionEnded)]


async def test_each_refresh_gives_another_cookie_of_the_same_session(api: Api, ann: Member) -> None:
    cookies, tokens, headers = [ann.cookie], [ann.token], ""
    for _ in range(4):
        answer = await refresh(api, cookies[-1])
        cookies.append(answer.cookies["taskify_refresh"])
        tokens.append(answer.json()["access_token"])
        headers = answer.headers["Set-Cookie"]
        await let_grace_pass(api)

    assert len(set(cookies)) == 5
    assert {(await api.tokens.verify(token)).session_id for token in tokens} == {
        (await api.tokens.verify(ann.token)).session_id
    }
    assert {"HttpOnly", "SameSite=strict", "Path=/api/auth"} <= set(headers.split("; "))
    assert await ended_sessions(api) == []


async def test_a_refresh_does_not_prolong_the_session(api: Api, ann: Member) -> None:
    async def expires_at() -> datetime:
        async with api.engine.connect() as connection:
            return (await connection.execute(select(Session.expires_at).where(Session.user_id == ann.id))).scalar_one()

    before = await expires_at()
    await renewed(api, ann.cookie)

    assert await expires_at() == before


@pytest.mark.parametrize("refreshes", [1, 2, 5])
async def test_a_replaced_cookie_that_comes_again_ends_the_session_and_tells_of_it(
    api: Api, ann: Member, refreshes: int
) -> None:
    """One of the two who hold it is a thief; nobody can say which."""
    newest = ann.cookie
    for _ in range(refreshes):
        newest = await renewed(api, newest)
    await let_grace_pass(api)

    assert problem(await refresh(api, ann.cookie)) == (401, "unauthenticated")

    assert problem(await refresh(api, newest)) == (401, "unauthenticated")
    assert problem(await ann.request("GET", "/api/users/me")) == (401, "unauthenticated")
    (ended,) = await ended_sessions(api)
    assert ended.data.session_id == (await api.tokens.verify(ann.token)).session_id
    assert api.wake_ups, "the relay is woken: sockets close at once"


async def test_only_the_session_of_the_cookie_ends(api: Api, ann: Member, bob: Member) -> None:
    other = await api.log_in({"id": str(ann.id), "name": "Ann", "email": ann.email})
    await renewed(api, ann.cookie)
    await let_grace_pass(api)
    await refresh(api, ann.cookie)

    for member in (other, bob):
        await renewed(api, member.cookie)


async def test_an_answer_that_was_lost_is_given_once_more(api: Api, ann: Member) -> None:
    lost = await renewed(api, ann.cookie)

    assert await renewed(api, ann.cookie) == lost
    await let_grace_pass(api)
    await renewed(api, lost)
    assert await ended_sessions(api) == []


async def test_windows_that_refresh_at_once_get_the_same_cookie(api: Api, ann: Member) -> None:
    """Whichever answer a browser takes last, it holds the one that goes on."""
    async with api.engine.connect() as holder, asyncio.TaskGroup() as windows:
        await holder.execute(select(Session.id).with_for_update())
        asked = [windows.create_task(renewed(api, ann.cookie)) for _ in range(2)]
        await until_waiting(api, len(asked))
        await holder.rollback()

    cookies = {window.result() for window in asked}
    assert len(cookies) == 1
    await let_grace_pass(api)
    await renewed(api, cookies.pop())


async def test_the_grace_is_for_the_cookie_before_and_for_none_older(api: Api, ann: Member) -> None:
    await renewed(api, await renewed(api, ann.cookie))

    assert problem(await refresh(api, ann.cookie)) == (401, "unauthenticated")
    assert len(await ended_sessions(api)) == 1


async def test_whoever_guesses_ends_nobodys_session(api: Api, ann: Member) -> None:
    session_id = (await api.tokens.verify(ann.token)).session_id
    for guess in (new_refresh_token(), f"{session_id}.x", f".{ann.cookie}", f"x.{ann.cookie}", "."):
        assert problem(await refresh(api, guess)) == (401, "unauthenticated"), guess

    await renewed(api, ann.cookie)


async def test_a_replaced_cookie_still_logs_out(api: Api, ann: Member) -> None:
    """A window whose answer was lost must be able to leave."""
    newest = await renewed(api, ann.cookie)

    answer = await api.client.post(LOGOUT, headers={"Cookie": f"taskify_refresh={ann.cookie}"})

    assert answer.status_code == 204
    assert problem(await refresh(api, newest)) == (401, "unauthenticated")


async def test_the_code_of_before_goes_on_with_a_replaced_cookie(api: Api, ann: Member) -> None:
    """While two versions serve, both find the session: the older looks for the hash of the whole cookie."""
    newest = await renewed(api, ann.cookie)

    async with api.engine.connect() as connection:
        found = await connection.scalar(select(Session.id).where(Session.refresh_hash == refresh_hash(newest)))

    assert found == (await api.tokens.verify(ann.token)).session_id


async def test_nothing_that_is_stored_opens_a_session(api: Api, ann: Member) -> None:
    newest = await renewed(api, ann.cookie)

    # As PostgreSQL writes it: a row of SQLAlchemy shows only the ends of a long text.
    async with api.engine.connect() as connection:
        stored = await connection.scalars(text("SELECT sessions::text FROM sessions"))
        everything = "\n".join(stored)
    assert refresh_hash(newest).hex() in everything
    for token in (ann.cookie, newest, newest.partition(".")[2]):
        assert token not in everything
        assert token.encode().hex() not in everything, "as PostgreSQL writes bytes"
