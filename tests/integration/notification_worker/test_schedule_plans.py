"""What the schedule looks for again and again is found by an index made for it."""

from datetime import timedelta

import pytest
from sqlalchemy import ClauseElement, text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from notification_worker.commands import forget_old, send_digests
from tests.integration.notification_worker.waiting import NOON, Watch, hold, waiting

PEOPLE = 30


async def plan_of(database: AsyncEngine, statement: ClauseElement, **values: object) -> str:
    with_values = statement.params(**values)
    async with database.connect() as connection:
        asked = with_values.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        # A table of a few pages is read whole, whatever its indexes.
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        await connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        found = await connection.exec_driver_sql(f"EXPLAIN {asked}")
        return "\n".join(found.scalars())


@pytest.fixture
async def filled(database: AsyncEngine) -> AsyncEngine:
    """Everybody has had a digest, and much waits for times of many kinds."""
    people = [uuid7() for _ in range(PEOPLE)]
    await hold(database, [waiting(person) for person in people for _ in range(5)])
    assert await send_digests.send_due_digests(database, clock=Watch()) == PEOPLE
    later = [NOON + timedelta(hours=1, seconds=number) for number in range(PEOPLE * 60)]
    await hold(database, [waiting(people[number % PEOPLE], due_at=due_at) for number, due_at in enumerate(later)])
    async with database.begin() as connection:
        await connection.execute(text("ANALYZE"))
    return database


async def test_who_has_a_digest_due_is_found_by_when_it_is_due(filled: AsyncEngine) -> None:
    plan = await plan_of(filled, send_digests._PEOPLE, now=NOON)
    assert "notification_members_due" in plan


async def test_what_one_person_waits_for_is_found_by_the_person(filled: AsyncEngine) -> None:
    plan = await plan_of(filled, send_digests._WAITING, of_user=uuid7())
    assert "notification_members_waiting" in plan
    assert "preferences_pkey" in plan


async def test_what_is_old_is_found_inbox_by_inbox(filled: AsyncEngine) -> None:
    plan = await plan_of(filled, forget_old._next_people(None), before=NOON)
    assert "using inboxes_pkey" in plan
    assert "using notifications_newest" in plan
    plan = await plan_of(filled, forget_old._next_people(uuid7()), before=NOON)
    assert "using notifications_newest" in plan


async def test_old_removals_and_events_are_found_by_their_age(filled: AsyncEngine) -> None:
    plan = await plan_of(filled, forget_old._PEOPLE_WITH_OLD_REMOVALS, before=NOON)
    assert "removed_notifications_oldest" in plan
    plan = await plan_of(filled, forget_old._OLDEST_EVENTS, before=NOON)
    assert "task_events_oldest" in plan
