"""A worker that has lost who watches what, and is told again."""

import tempfile

import asyncpg
import pytest

from tests.support.people import Person
from tests.support.system import System, run_python

pytestmark = pytest.mark.e2e


async def test_watchers_that_the_worker_has_lost_are_told_again_from_the_task_service(
    system: System, ann: Person, john: Person
) -> None:
    task = await ann.create_task("Nobody knows who watches this", assignee_id=john.id)
    async with john.window() as window:
        await window.until(lambda seen: len(seen.unread) == 1, "the assignment")
        worker = await asyncpg.connect(system.environment["TASKIFY_NOTIFICATION_DATABASE_URL"])
        lost = await worker.execute("DELETE FROM watchers WHERE task_id = $1", task["id"])
        await worker.close()
        assert lost == "DELETE 2"

        await ann.change_task(task["id"], status="in_progress")
        assert "Told of" in await republished(system)
        await ann.change_task(task["id"], status="in_review")
        await window.until(lambda seen: len(seen.unread) > 1, "the second change")
        assert [row["message"] for row in await john.unread()] == [
            f"{ann.name} moved 'Nobody knows who watches this' to In review",
            f"{ann.name} assigned you 'Nobody knows who watches this'",
        ]


async def republished(system: System) -> str:
    with tempfile.TemporaryFile() as terminal:
        process = await run_python(
            "task_service", "republish", environment={"TASKIFY_HOME": str(system.home)}, terminal=terminal.fileno()
        )
        assert await process.wait() == 0
        terminal.seek(0)
        return terminal.read().decode()
