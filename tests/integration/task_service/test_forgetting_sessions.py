"""A session that is over goes, and nobody notices."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update
from uuid_utils.compat import uuid7

from task_service.commands import forget_old as forgetting
from task_service.commands.forget_old import forget_old
from task_service.commands.unit_of_work import UnitOfWork, session_factory
from task_service.models import Session
from task_service.retention import retention_service
from tests.integration.task_service.client import Api, Member, problem

YEAR = timedelta(days=365)


@pytest.fixture
def unit_of_work(api: Api) -> UnitOfWork:
    return UnitOfWork(session_factory(api.engine), lambda: None)


async def stored(api: Api) -> set[UUID]:
    async with api.engine.connect() as connection:
        return set((await connection.execute(select(Session.id))).scalars())


async def session_of(api: Api, member: Member) -> UUID:
    return (await api.tokens.verify(member.token)).session_id


async def end(api: Api, session_id: UUID) -> None:
    async with api.engine.begin() as connection:
        await connection.execute(update(Session).where(Session.id == session_id).values(ended_at=datetime.now(UTC)))


async def begin_expired(api: Api, member: Member, count: int) -> list[UUID]:
    """Give sessions that have expired, the oldest first."""
    now, ids = datetime.now(UTC), [uuid7() for _ in range(count)]
    rows = [
        {
            "id": one,
            "user_id": member.id,
            "refresh_hash": uuid7().bytes,
            "created_at": now - YEAR,
            "expires_at": now - timedelta(days=1, seconds=-number),
        }
        for number, one in enumerate(ids)
    ]
    async with api.engine.begin() as connection:
        await connection.execute(insert(Session), rows)
    return ids


async def test_a_session_that_has_ended_or_expired_goes_and_the_others_stay(
    api: Api, administrator: Member, ann: Member, bob: Member, unit_of_work: UnitOfWork
) -> None:
    await end(api, await session_of(api, ann))
    await api.expire_session(bob)
    refused = [problem(await who.request("GET", "/api/users/me")) for who in (ann, bob)]

    assert await forget_old(unit_of_work, YEAR) == 2
    assert await forget_old(unit_of_work, YEAR) == 0

    assert await stored(api) == {await session_of(api, administrator)}
    assert (await administrator.request("GET", "/api/users/me")).status_code == 200
    assert [problem(await who.request("GET", "/api/users/me")) for who in (ann, bob)] == refused
    assert refused == [(401, "unauthenticated")] * 2


async def test_some_go_at_once_and_the_oldest_first(api: Api, ann: Member, unit_of_work: UnitOfWork) -> None:
    expired = await begin_expired(api, ann, forgetting._AT_ONCE + 1)
    assert await forget_old(unit_of_work, YEAR) == forgetting._AT_ONCE
    assert await stored(api) & set(expired) == {expired[-1]}


async def test_a_session_that_somebody_else_holds_is_passed_by(api: Api, ann: Member, unit_of_work: UnitOfWork) -> None:
    held, free = await begin_expired(api, ann, 2)
    async with api.engine.begin() as other:
        await other.execute(select(Session.id).where(Session.id == held).with_for_update())
        async with asyncio.timeout(30):
            assert await forget_old(unit_of_work, YEAR) == 1
    left = await stored(api)
    assert held in left
    assert free not in left
    assert await forget_old(unit_of_work, YEAR) == 1


async def test_several_at_once_remove_each_session_once(api: Api, ann: Member, unit_of_work: UnitOfWork) -> None:
    expired = await begin_expired(api, ann, 3 * forgetting._AT_ONCE)
    async with asyncio.TaskGroup() as group:
        several = [group.create_task(forget_old(unit_of_work, YEAR)) for _ in range(3)]
    rest = 0
    while removed := await forget_old(unit_of_work, YEAR):
        rest += removed
    assert sum(one.result() for one in several) + rest == len(expired)
    assert await session_of(api, ann) in await stored(api)


async def test_the_service_goes_on_at_once_while_there_are_more(
    api: Api, ann: Member, unit_of_work: UnitOfWork
) -> None:
    await begin_expired(api, ann, 2 * forgetting._AT_ONCE + 1)
    stop, rounds = asyncio.Event(), list[int]()

    def removed(rows: int) -> None:
        rounds.append(rows)
        if sum(rounds) == 2 * forgetting._AT_ONCE + 1:
            stop.set()

    async with asyncio.timeout(60):
        await retention_service(unit_of_work, YEAR, removed)(stop)
    assert rounds == [forgetting._AT_ONCE, forgetting._AT_ONCE, 1]


async def test_sessions_that_are_over_are_found_by_an_index(api: Api) -> None:
    statement = forgetting._over_sessions(datetime.now(UTC), YEAR)
    async with api.engine.connect() as connection:
        asked = statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        # A table of a few pages is read whole, whatever its indexes.
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        await connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        plan = "\n".join((await connection.exec_driver_sql(f"EXPLAIN {asked}")).scalars())
    assert "sessions_over" in plan
