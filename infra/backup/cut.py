"""One point of the events' way, in both databases."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg

from infra.backup import BackupError
from infra.outbox.pause import relay_paused

TASK_SERVICE, NOTIFICATION_WORKER = "task_service", "notification_worker"
DRAIN_SECONDS = 20

_CONNECT_SECONDS = 5.0
_COUNT_SECONDS = 600.0

_TABLES = """
SELECT table_name::text FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One database as it was at the cut, for as long as its transaction is open."""

    id: str
    connection: asyncpg.Connection

    async def rows(self) -> dict[str, int]:
        """Count the rows of each table."""
        return await count_rows(self.connection)


@dataclass(frozen=True, slots=True)
class Cut:
    """`held_seconds` is how long the relays were held still."""

    snapshots: Mapping[str, Snapshot]
    held_seconds: float


async def count_rows(connection: asyncpg.Connection) -> dict[str, int]:
    """Count the rows of each table of the schema `public`."""
    names = [row["table_name"] for row in await connection.fetch(_TABLES)]
    return {
        name: await connection.fetchval(f'SELECT count(*) FROM "{name}"', timeout=_COUNT_SECONDS)  # noqa: S608 (a table's own name)
        for name in names
    }


@asynccontextmanager
async def cut(task_database_url: str, notification_database_url: str) -> AsyncIterator[Cut]:
    """Open a snapshot of each database such that what is in neither's outbox nor applied does not exist.

    What is published is confirmed before its row goes, and lies in a queue then. So once both relays are held still and
    the queues of both services are drained, every event is either in the outbox of who wrote it or applied by who
    takes it: those of the task service, and the worker's answers to exports and erasures.

    Raises:
        BackupError: a service did not drain its queues.
        NotPausedError: a relay could not be held still.
        DatabaseAwayError: a database does not answer.
    """
    async with AsyncExitStack() as open_until_dumped:
        async with AsyncExitStack() as paused:
            began = time.monotonic()
            for url in (task_database_url, notification_database_url):
                await paused.enter_async_context(relay_paused(url, "backup"))
            for service in (NOTIFICATION_WORKER, TASK_SERVICE):
                await _drain(service)
            urls = {TASK_SERVICE: task_database_url, NOTIFICATION_WORKER: notification_database_url}
            snapshots = {
                service: await open_until_dumped.enter_async_context(_snapshot(url)) for service, url in urls.items()
            }
            held_seconds = time.monotonic() - began
        yield Cut(snapshots, held_seconds)


async def _drain(service: str) -> None:
    """Let the service's own command wait: which queues there are, and what applied means, is its business."""
    command = ("-m", service, "drain", "--seconds", str(DRAIN_SECONDS))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        said, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise BackupError(f"the queues of {service}: {said.decode(errors='replace').strip()}")


@asynccontextmanager
async def _snapshot(url: str) -> AsyncIterator[Snapshot]:
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS, server_settings={"application_name": "backup"})
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield Snapshot(await connection.fetchval("SELECT pg_export_snapshot()"), connection)
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)
