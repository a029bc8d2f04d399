"""The members, and one's own account."""

import asyncio
import dataclasses
from uuid import UUID

import argon2
import pytest
from sqlalchemy import func, select

from contracts.events.task import TaskCreated
from contracts.events.user import SessionEnded, UserRenamed
from task_service.credentials.passwords import Passwords
from task_service.models import Session
from tests.integration.task_service.client import PASSWORD, Api, Member, problem, wrong_places

NEW_PASSWORD = "another correct horse"
PATH = "/api/users/me/password"


async def test_all_members_are_listed_by_name_without_their_addresses(
    administrator: Member, ann: Member, bob: Member
) -> None:
    answer = await bob.request("GET", "/api/users")

    assert answer.json() == [
        {"id": str(member.id), "name": name} for member, name in ((ann, "Ann"), (bob, "Bob"), (administrator, "Root"))
    ]


async def test_one_sees_ones_own_account(ann: Member) -> None:
    assert (await ann.request("GET", "/api/users/me")).json() == {
        "id": str(ann.id),
        "name": "Ann",
        "email": "ann@example.org",
        "role": "member",
    }


async def test_a_new_name_shows_everywhere_even_before_the_token_is_renewed(api: Api, ann: Member) -> None:
    task = await ann.create_task()

    answer = await ann.request("PATCH", "/api/users/me", json={"name": " Anna "})

    assert answer.json()["name"] == "Anna"
    (renamed,) = [event for event in await api.events() if isinstance(event, UserRenamed)]
    assert (renamed.data.user.id, renamed.data.user.name) == (ann.id, "Anna")
    assert (await ann.request("GET", f"/api/tasks/{task['id']}")).json()["creator"]["name"] == "Anna"
    await ann.create_task()
    created = [event for event in await api.events() if isinstance(event, TaskCreated)]
    assert [event.data.actor.name for event in created] == ["Ann", "Anna"]
    assert [added.person.name for added in created[-1].data.watchers_added] == ["Anna"]


async def test_the_same_name_again_is_no_event(api: Api, ann: Member) -> None:
    before = await api.event_types()

    assert (await ann.request("PATCH", "/api/users/me", json={"name": "Ann"})).status_code == 200
    assert await api.event_types() == before


async def test_a_name_that_cannot_be_is_refused(ann: Member) -> None:
    for fields, where in (
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "\0"}, "name"),
        ({"name": "A", "role": "administrator"}, "role"),
    ):
        assert wrong_places(await ann.request("PATCH", "/api/users/me", json=fields)) == [f"body.{where}"], fields


async def test_a_new_password_replaces_the_old(api: Api, ann: Member) -> None:
    answer = await ann.request("PUT", PATH, json={"old": PASSWORD, "new": NEW_PASSWORD})

    assert answer.status_code == 204
    credentials = [{"email": ann.email, "password": password} for password in (PASSWORD, NEW_PASSWORD)]
    statuses = [(await api.client.post("/api/auth/login", json=each)).status_code for each in credentials]
    assert statuses == [401, 200]


async def test_a_new_password_ends_all_other_sessions_of_the_person(api: Api, ann: Member, bob: Member) -> None:
    account = {"id": str(ann.id), "name": "Ann", "email": ann.email}
    others = [await api.log_in(account) for _ in range(2)]

    await ann.request("PUT", PATH, json={"old": PASSWORD, "new": NEW_PASSWORD})

    for still_there in (ann, bob):
        assert (await still_there.request("GET", "/api/users/me")).status_code == 200
    for other in others:
        assert problem(await other.request("GET", "/api/users/me")) == (401, "unauthenticated")
        refreshed = await api.client.post("/api/auth/refresh", headers={"Cookie": f"taskify_refresh={other.cookie}"})
        assert problem(refreshed) == (401, "unauthenticated")
    ended = {event.data.session_id for event in await api.events() if isinstance(event, SessionEnded)}
    assert ended == {await session_of(api, other) for other in others}


async def test_a_wrong_old_password_changes_nothing(api: Api, ann: Member) -> None:
    other = await api.log_in({"id": str(ann.id), "name": "Ann", "email": ann.email})

    answer = await ann.request("PUT", PATH, json={"old": "wrong", "new": NEW_PASSWORD})

    assert wrong_places(answer) == ["body.old"]
    assert (await other.request("GET", "/api/users/me")).status_code == 200


async def test_a_new_password_must_be_long_enough(ann: Member) -> None:
    assert wrong_places(await ann.request("PUT", PATH, json={"old": PASSWORD, "new": "short"})) == ["body.new"]


class WaitingPasswords(Passwords):
    """Verifies as ever, and then waits until it may say so."""

    def __init__(self) -> None:
        super().__init__(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.verified = asyncio.Event()
        self.go = asyncio.Event()

    async def verify(self, password_hash: str | None, password: str) -> bool:
        matches = await super().verify(password_hash, password)
        self.verified.set()
        await self.go.wait()
        return matches


@pytest.mark.parametrize("racing", ["log in", "change the password"])
async def test_a_password_that_is_changed_while_it_is_verified_is_a_wrong_one(
    api: Api, ann: Member, racing: str
) -> None:
    """Whoever knows only the old password must not begin a session, or replace the new one, by being quick."""
    services, waiting = api.app.state.services, WaitingPasswords()
    api.app.state.services = dataclasses.replace(services, passwords=waiting)
    async with asyncio.TaskGroup() as group:
        if racing == "log in":
            old = {"email": ann.email, "password": PASSWORD}
            request = group.create_task(api.client.post("/api/auth/login", json=old))
        else:
            fields = {"old": PASSWORD, "new": "the intruder's own"}
            request = group.create_task(ann.request("PUT", PATH, json=fields))
        await waiting.verified.wait()
        api.app.state.services = services
        changed = await ann.request("PUT", PATH, json={"old": PASSWORD, "new": NEW_PASSWORD})
        waiting.go.set()

    assert changed.status_code == 204
    assert request.result().status_code in {401, 422}
    account = {"id": str(ann.id), "name": "Ann", "email": ann.email}
    await api.log_in(account, NEW_PASSWORD)
    async with api.engine.connect() as connection:
        live = await connection.scalar(
            select(func.count()).where(Session.user_id == ann.id, Session.ended_at.is_(None))
        )
    assert live == 2


async def session_of(api: Api, member: Member) -> UUID:
    return (await api.tokens.verify(member.token)).session_id
