"""What the schedule looks for again and again is found by an index made for it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ClauseElement, text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from notification_worker.commands import forget_old, forget_processed, send_digests
from tests.integration.notification_worker.waiting import NOON, Watch, hold, waiting

PEOPLE = 30

INBOXES, OLD_ROWS = 100, 300

INSERT_INBOXES = text(
    """
    INSERT INTO inboxes (user_id, last_seq, unread_count)
    SELECT md5(person::text)::uuid, CAST(:rows AS integer), CAST(:rows AS integer)
    FROM generate_series(1, :inboxes) person
    """
)
INSERT_ROWS = text(
    """
    INSERT INTO notifications
        (id, user_id, seq, type, message, reasons, created_at, updated_at, read_at, event_source, event_id)
    SELECT
        gen_random_uuid(), md5(person::text)::uuid, number, 'invoice_paid', 'Paid', '{requested}', moment, moment,
        CASE WHEN person % 10 = 0 AND number % 20 = 0 THEN moment END, '/billing', number::text
    FROM
        generate_series(1, :rows) number,
        generate_series(1, :inboxes) person,
        LATERAL (SELECT CAST(:noon AS timestamptz) - interval '1 day' * (number % 100)) AS times (moment)
    """
)
PROCESSED = 50_000
INSERT_PROCESSED = text(
    """
    INSERT INTO processed_events (consumer, source, event_id, processed_at)
    SELECT 'notification_worker', '/task-service', gen_random_uuid()::text,
        CAST(:noon AS timestamptz) - interval '1 day' * (number / 1000.0)
    FROM generate_series(1, :rows) number
    """
)
_IN_VAIN = ("Rows Removed by Filter", "Rows Removed by Index Recheck")


async def plan_of(database: AsyncEngine, statement: ClauseElement, **values: object) -> str:
    with_values = statement.params(**values) if values else statement
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
    plan = await plan_of(filled, send_digests._PEOPLE, now=NOON, failed=[uuid7()])
    assert "notification_members_due" in plan


async def test_what_one_person_waits_for_is_found_by_the_person(filled: AsyncEngine) -> None:
    plan = await plan_of(filled, send_digests._WAITING, of_user=uuid7())
    assert "notification_members_waiting" in plan
    assert "preferences_pkey" in plan


@dataclass(frozen=True)
class Cost:
    """What a statement touched when it was run."""

    blocks: int
    rows_in_vain: int

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> "Cost":
        """Add up a plan and what is below it; the blocks of a node are with those of its parts already."""
        removed = sum(node["Actual Loops"] * node.get(why, 0) for node in _nodes(plan) for why in _IN_VAIN)
        return cls(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], round(removed))


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


async def cost_of(database: AsyncEngine, statement: ClauseElement, **values: object) -> Cost:
    """Run a statement as the planner likes it best."""
    with_values = statement.params(**values) if values else statement
    async with database.connect() as connection:
        asked = with_values.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        found = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {asked}")
        plans = found.scalar_one()
    return Cost.of((json.loads(plans) if isinstance(plans, str) else plans)[0]["Plan"])


@pytest.fixture
async def never_read(database: AsyncEngine) -> AsyncEngine:
    """Nearly nobody reads: of many old notifications each, one person in ten has read some, and some lately."""
    async with database.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(INSERT_INBOXES, {"inboxes": INBOXES, "rows": OLD_ROWS})
        await outside.execute(INSERT_ROWS, {"inboxes": INBOXES, "rows": OLD_ROWS, "noon": NOON})
        await outside.execute(text("VACUUM (ANALYZE) inboxes, notifications"))
    return database


async def test_inboxes_are_gone_through_in_the_order_of_their_key(filled: AsyncEngine) -> None:
    for after in (None, uuid7()):
        assert "using inboxes_pkey" in await plan_of(filled, forget_old._next_people(after), before=NOON)


async def test_whether_somebody_has_what_is_old_is_found_without_a_look_at_what_they_never_read(
    never_read: AsyncEngine,
) -> None:
    for after in (None, UUID(int=0)):
        cost = await cost_of(never_read, forget_old._next_people(after), before=NOON - timedelta(days=30))
        assert cost.rows_in_vain == 0
        assert cost.blocks < 10 * INBOXES


async def test_the_old_rows_of_somebody_are_found_without_a_look_at_what_they_never_read(
    never_read: AsyncEngine,
) -> None:
    async with never_read.connect() as connection:
        people = (await connection.execute(text("SELECT user_id FROM inboxes"))).scalars().all()
    for person in people[:20]:
        cost = await cost_of(never_read, forget_old._OLDEST_ROWS, of_user=person, before=NOON - timedelta(days=30))
        assert cost.rows_in_vain == 0
        assert cost.blocks < 20


async def test_old_removals_and_events_are_found_by_their_age(filled: AsyncEngine) -> None:
    plan = await plan_of(filled, forget_old._PEOPLE_WITH_OLD_REMOVALS, before=NOON)
    assert "removed_notifications_oldest" in plan
    plan = await plan_of(filled, forget_old._OLDEST_EVENTS, before=NOON)
    assert "task_events_oldest" in plan


async def test_the_oldest_processed_events_are_freed_without_a_look_at_the_others(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(INSERT_PROCESSED, {"rows": PROCESSED, "noon": NOON})
        await outside.execute(text("VACUUM (ANALYZE) processed_events"))
    assert "processed_events_oldest" in await plan_of(database, forget_processed._free(NOON))
    for days in (1, PROCESSED // 1_000 + 1):
        cost = await cost_of(database, forget_processed._free(NOON - timedelta(days=days)))
        assert cost.rows_in_vain == 0
        # Each row is found, locked, found again by its key and removed; nothing else is touched.
        assert cost.blocks < 10 * forget_processed.ROWS
