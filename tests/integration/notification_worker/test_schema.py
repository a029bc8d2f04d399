import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from notification_worker.models import inboxes, metadata


async def test_the_migrations_make_what_the_models_say(database: AsyncEngine) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return list(compare_metadata(context, metadata))

    async with database.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_counter_below_zero_is_refused(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        for column in ("unread_count", "last_seq"):
            with pytest.raises(IntegrityError):
                await connection.execute(insert(inboxes).values({"user_id": uuid7(), column: -1}))
            await connection.rollback()


QUERIES = (
    (
        "SELECT id FROM notifications WHERE user_id = '{0}' AND read_at IS NULL ORDER BY created_at DESC, id DESC",
        "notifications_unread",
    ),
    (
        "SELECT type FROM notifications WHERE user_id = '{0}' ORDER BY created_at DESC, id DESC",
        "notifications_newest",
    ),
    (
        "SELECT * FROM notifications WHERE user_id = '{0}' AND seq > 7 ORDER BY seq, id LIMIT 501",
        "notifications_by_seq",
    ),
    ("SELECT user_id FROM notifications WHERE task_id = '{0}' AND NOT task_deleted", "notifications_of_task"),
    ("SELECT user_id FROM notifications WHERE actor_id = '{0}'", "notifications_by_actor"),
    ("DELETE FROM watchers WHERE user_id = '{0}'", "watchers_by_user"),
)


async def test_each_query_is_served_by_its_index_without_a_sort(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        await connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        for query, index in QUERIES:
            plan = await connection.execute(text(f"EXPLAIN {query.format(uuid7())}"))
            lines = "\n".join(plan.scalars())
            assert f"using {index} " in lines
            assert "Sort" not in lines
