"""The point of a backup, with programs of the test's own in place of the services' `drain`."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
import pytest

from infra.backup import cut as cutting
from infra.backup.cut import NOTIFICATION_WORKER, TASK_SERVICE, cut

DEADLINE_SECONDS = 60


def replace_python(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Have another program started instead of Python; it gets the same arguments."""
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


async def has_led(url: str, name: str) -> None:
    """Leave what a relay leaves that led once; without it there is nothing to hold still."""
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO relay_lease (name, holder, backend_pid, renewed_at) VALUES ($1, 'a relay', 1, now())", name
    )
    await connection.close()


async def holder(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(
            await connection.fetchval(
                "SELECT holder FROM relay_lease"
                " WHERE EXISTS (SELECT FROM pg_locks AS held WHERE held.pid = backend_pid AND locktype = 'advisory')"
            )
        )
    finally:
        await connection.close()


async def until_written(file: Path, lines: int = 1) -> str:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not (file.exists() and file.read_text().count("\n") == lines):
            await asyncio.sleep(0.01)
    return file.read_text()


async def test_both_relays_are_held_still_until_both_services_have_drained_their_queues(
    task_database_url: str, notification_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await has_led(task_database_url, "task-relay")
    await has_led(notification_database_url, "notification-relay")
    drained, go_on = tmp_path / "drained", tmp_path / "go-on"
    os.mkfifo(go_on)
    replace_python(monkeypatch, tmp_path, f'read _ < "{go_on}"; echo "$2 $3" >> "{drained}"')

    async def cut_once() -> None:
        async with cut(task_database_url, notification_database_url) as at:
            assert set(at.snapshots) == {TASK_SERVICE, NOTIFICATION_WORKER}

    async with asyncio.timeout(DEADLINE_SECONDS), asyncio.TaskGroup() as group:
        cutting_once = group.create_task(cut_once())
        for done in range(2):
            # Whoever opens a pipe to write waits for a reader: so the drain of one service is under way here.
            pipe = await asyncio.to_thread(go_on.open, "w")
            held = [await holder(url) for url in (task_database_url, notification_database_url)]
            assert held == ["backup", "backup"]
            assert not cutting_once.done()
            pipe.write("on\n")
            pipe.close()
            await until_written(drained, done + 1)
    assert drained.read_text() == f"{NOTIFICATION_WORKER} drain\n{TASK_SERVICE} drain\n"


async def test_a_backup_that_is_broken_off_takes_its_program_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = tmp_path / "pid"
    replace_python(monkeypatch, tmp_path, f'echo $$ > "{said}"; exec sleep 60')

    async with asyncio.TaskGroup() as group:
        draining = group.create_task(cutting._drain(NOTIFICATION_WORKER))
        pid = int(await until_written(said))
        draining.cancel()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
