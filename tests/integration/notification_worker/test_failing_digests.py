"""People whose digest cannot be sent, beside others whose digest can."""

import asyncio

import pytest
import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from infra.database.errors import sql_state
from notification_worker.commands import send_digests
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.commands.send_digests import send_due_digests
from tests.integration.notification_worker.waiting import (
    NOON,
    Watch,
    accept_rows,
    digests_of,
    hold,
    refuse_rows,
    rows_of,
    waiting,
)


async def test_a_reason_that_a_newer_release_wrote_is_kept_as_it_is(database: AsyncEngine) -> None:
    ann = uuid7()
    await hold(database, [waiting(ann, reasons=["mentioned", "manual"]), waiting(ann, reasons=["assigned"])])
    assert await send_due_digests(database, clock=Watch()) == 1
    (digest,) = await digests_of(database, ann)
    assert digest.reasons == ["assigned", "manual", "mentioned"]


@pytest.mark.parametrize("state", ["23514", "40P01"])
async def test_a_person_who_fails_holds_up_nobody_and_is_sent_theirs_in_a_later_round(
    database: AsyncEngine, state: str
) -> None:
    ann, others = uuid7(), [uuid7() for _ in range(5)]
    await hold(database, [waiting(person) for person in (ann, *others)])
    await refuse_rows(database, state, [ann])

    with structlog.testing.capture_logs() as logged:
        assert await send_due_digests(database, clock=Watch()) == len(others)
    (line,) = [one for one in logged if one["event"] == "digest_failed"]
    assert line["state"] == state
    assert str(ann) not in str(logged)
    assert "refused" not in str(logged)
    assert len(await rows_of(database, "notification_members", notification_id=None)) == 1

    async with asyncio.timeout(60):
        assert await send_due_digests(database, clock=Watch()) == 0
    await accept_rows(database)
    assert await send_due_digests(database, clock=Watch()) == 1
    assert len(await digests_of(database, ann)) == 1
    assert await check_inboxes(database) == []


async def test_people_who_fail_do_not_hide_those_behind_them(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_digests, "PEOPLE", 2)
    monkeypatch.setattr(send_digests, "_PEOPLE", send_digests._PEOPLE.limit(2))
    failing, ann = [uuid7() for _ in range(7)], uuid7()
    await hold(database, [waiting(person, due_at=NOON.replace(minute=0)) for person in failing])
    await hold(database, [waiting(ann)])
    await refuse_rows(database, "23514", failing)
    async with asyncio.timeout(60):
        assert await send_due_digests(database, clock=Watch()) == 1
        assert await send_due_digests(database, clock=Watch()) == 0
    assert len(await digests_of(database, ann)) == 1


async def test_an_error_of_too_many_people_is_nobodys_own_and_ends_the_call(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_digests, "FAILURES", 3)
    people = [uuid7() for _ in range(10)]
    await hold(database, [waiting(person) for person in people])
    await refuse_rows(database, "23514", people)
    with structlog.testing.capture_logs() as logged, pytest.raises(DBAPIError) as caught:
        await send_due_digests(database, clock=Watch())
    assert isinstance(caught.value, IntegrityError)
    assert sql_state(caught.value) == "23514"
    assert len(logged) == 3
