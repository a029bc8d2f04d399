import asyncio

import httpx
import pytest

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


async def another_session_of(person: Person, http: httpx.AsyncClient) -> Person:
    answer = await http.post(
        f"{person.addresses.api}/api/auth/login", json={"email": person.email, "password": PASSWORD}
    )
    token = answer.raise_for_status().json()["access_token"]
    return Person(person.id, person.name, person.email, token, person.addresses, http)


async def test_who_logs_out_in_one_window_is_out_of_the_notifications_and_nobody_else(system: System) -> None:
    async with (
        httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS) as one,
        httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS) as other,
    ):
        here = await Person.register(one, system.addresses, "Ann")
        there = await another_session_of(here, other)
        await here.sync()
        answer = await here.call("POST", "/api/auth/logout", headers={"Origin": system.addresses.api})
        assert answer.status_code == 204
        await refused(here)
        assert (await there.sync())["latest_seq"] == 0


async def test_a_new_password_ends_the_other_sessions(system: System) -> None:
    async with (
        httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS) as one,
        httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS) as other,
    ):
        here = await Person.register(one, system.addresses, "Ann")
        there = await another_session_of(here, other)
        changed = await here.call("PUT", "/api/users/me/password", json={"old": PASSWORD, "new": f"{PASSWORD} again"})
        assert changed.status_code == 204
        await refused(there)
        await here.sync()
