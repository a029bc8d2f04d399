"""What an event costs while its tables grow, and nobody has counted them since they were empty."""

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import AnyEvent
from notification_worker.commands.apply_events import apply_events
from tests.integration.notification_worker.inbox_rows import add_rows
from tests.support.notification_events import TaskStory, person

ANN, JOHN, EVE = person("Ann"), person("John"), person("Eve")

STATEMENTS_UNTIL_PLANS_ARE_KEPT = 6
"""PostgreSQL plans a prepared statement five times for its values; then once for all."""

ROWS = 5_000
FEW = 300

GROW = """
INSERT INTO inboxes (user_id) SELECT gen_random_uuid() FROM generate_series(1, 5000);
INSERT INTO users (id) SELECT gen_random_uuid() FROM generate_series(1, 5000);
INSERT INTO deleted_tasks (task_id, deleted_at) SELECT gen_random_uuid(), now() FROM generate_series(1, 5000);
INSERT INTO muted_tasks (user_id, task_id, muted_at)
  SELECT gen_random_uuid(), gen_random_uuid(), now() FROM generate_series(1, 5000);
INSERT INTO watchers (task_id, user_id, reasons, watched_sequence, stopped_sequence)
  SELECT gen_random_uuid(), gen_random_uuid(), '{manual}', 1, 0 FROM generate_series(1, 5000);
INSERT INTO processed_events (consumer, source, event_id)
  SELECT 'notification_worker', '/task-service', gen_random_uuid()::text FROM generate_series(1, 5000);
INSERT INTO preferences (user_id, timezone, daily_at, frequencies)
  SELECT gen_random_uuid(), 'UTC', '09:00', '{}' FROM generate_series(1, 5000);
"""
READ = """
SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables) + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)
"""


async def rows_read(database: AsyncEngine, onlooker: asyncpg.Connection) -> int:
    """Count the rows and index entries that were read so far; asked by somebody else, since asking reads."""
    async with database.connect() as connection:
        await connection.execute(text("SELECT pg_stat_force_next_flush()"))
    return int(await onlooker.fetchval(READ))


def changes() -> list[AnyEvent]:
    """A task that tells two people of a comment, of its assignment and of a move."""
    story = TaskStory()
    return [story.created(ANN), story.assigned(JOHN, EVE), story.commented(JOHN), story.moved(JOHN)]


async def test_an_event_reads_as_little_when_the_tables_have_grown_since_its_statements_were_planned(
    database: AsyncEngine, notification_database_url: str
) -> None:
    onlooker = await asyncpg.connect(notification_database_url)
    await onlooker.execute("ANALYZE")
    for _ in range(STATEMENTS_UNTIL_PLANS_ARE_KEPT):
        await apply_events(database, changes())
    await add_rows(database, EVE.id, ROWS)
    await onlooker.execute(GROW)
    before = await rows_read(database, onlooker)
    for event in changes():
        await apply_events(database, [event])
    read = await rows_read(database, onlooker) - before
    await onlooker.close()
    assert read < FEW


async def test_a_statement_that_must_read_a_table_whole_is_not_compiled_for_it(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        forbidden = await connection.scalar(text("SHOW enable_seqscan"))
        compiled = await connection.scalar(text("SHOW jit"))

    assert (forbidden, compiled) == ("off", "off")
