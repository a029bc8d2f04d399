import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.support.people import PASSWORD, Person
from tests.support.system import System

pytestmark = pytest.mark.e2e

DEADLINE_SECONDS = 120
"""Much less than the life of a token, which would end by itself."""


async def refused(person: Person) -> None:
    """Ask with a token again and again until it is refused."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (await person.call("GET", "/api/notifications/sync")).status_code != 401:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def open_socket(person: Person) -> AsyncIterator[ClientConnection]:
    """Open a socket with somebody's token, which has let them in."""
    async with connect(person.addresses.socket, open_timeout=DEADLINE_SECONDS, proxy=None) as socket:
        await socket.send(json.dumps({"type": "AUTH", "payload": {"token": person.token}}))
        assert json.loads(await socket.recv())["type"] == "READY"
        yield socket


async def closed(socket: ClientConnection) -> None:
    """Wait until a socket is closed for its token."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        await socket.wait_closed()
    assert socket.close_code == 4401


async def stays_open(socket: ClientConnection) -> None:
    await socket.send(json.dumps({"type": "PING", "payload": {"seq": 0}}))
    assert json.loads(await socket.recv())["type"] == "PONG"


async def another_session_of(person: Person, http: httpx.AsyncClient) -> Person:
    answer = await http.post(
        f"{person.addresses.api}/api/auth/login", json={"email": person.email, "password": PASSWORD}
    )
    token = answer.raise_for_status().json()["access_token"]
    return Person(person.id, person.name, person.email, token, person.addresses, http)


async def refresh(person: Person, cookie: str | None = None) -> int:
    """Ask for a new token, with the client's own cookie if no other is given; say how it was answered."""
    headers = {"Origin": person.addresses.api} | ({} if cookie is None else {"Cookie": f"taskify_refresh={cookie}"})
    return (await person.http.post(f"{person.addresses.api}/api/auth/refresh", headers=headers)).status_code


async def test_who_logs_out_in_one_window_is_out_of_the_notifications_and_nobody_else(system: System) -> None:
    async with (
        httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS) as one,
        httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS) as other,
    ):
        here = await Person.register(one, system.addresses, "Ann")
        there = await another_session_of(here, other)
        await here.sync()
        async with open_socket(here) as leaving, open_socket(there) as staying:
            answer = await here.call("POST", "/api/auth/logout", headers={"Origin": system.addresses.api})
            assert answer.status_code == 204
            async with asyncio.TaskGroup() as group:
                group.create_task(closed(leaving))
                group.create_task(refused(here))
            await stays_open(staying)
        assert (await there.sync())["latest_seq"] == 0


async def test_a_new_password_ends_the_other_sessions(system: System) -> None:
    async with (
        httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS) as one,
        httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS) as other,
    ):
        here = await Person.register(one, system.addresses, "Ann")
        there = await another_session_of(here, other)
        passwords = {"old": PASSWORD, "new": f"{PASSWORD} again"}
        async with open_socket(here) as staying, open_socket(there) as leaving:
            assert (await here.call("PUT", "/api/users/me/password", json=passwords)).status_code == 204
            async with asyncio.TaskGroup() as group:
                group.create_task(closed(leaving))
                group.create_task(refused(there))
            await stays_open(staying)
        await here.sync()


async def test_an_old_refresh_cookie_that_comes_again_ends_its_session_and_no_other(system: System) -> None:
    async with (
        httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS) as one,
        httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS) as other,
    ):
        here = await Person.register(one, system.addresses, "Ann")
        there = await another_session_of(here, other)
        stolen = here.http.cookies["taskify_refresh"]
        async with open_socket(here) as leaving, open_socket(there) as staying:
            # The one that was replaced last would be answered once more.
            assert [await refresh(here), await refresh(here)] == [200, 200]
            here.http.cookies.clear()
            assert await refresh(here, stolen) == 401
            async with asyncio.TaskGroup() as group:
                group.create_task(closed(leaving))
                group.create_task(refused(here))
            await stays_open(staying)
        await there.sync()
