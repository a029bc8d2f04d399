"""Back up, destroy, restore: every row is there, nothing lost, nobody told twice, and a window that catches up.

`make backup-drill` runs the first test and shows what it says.
"""

import asyncio
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from infra.local.leftovers import running
from tests.support.people import PASSWORD, Person, Window
from tests.support.system import System, run_python

pytestmark = pytest.mark.e2e

BEFORE, WHILE = 60, 400
ROW = re.compile(r"  (\w+[.]\w+) +(\d+) +(\d+)")
"""A table: how many rows it was backed up with, and how many it had when all was restored and nothing ran yet."""

DEADLINE_SECONDS = 180


async def test_a_system_that_was_destroyed_comes_back_with_all_that_was_answered_before_the_backup_began(
    http: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    backup = tmp_path_factory.mktemp("backups") / "monday"
    with tempfile.TemporaryDirectory(prefix="taskify-backup-") as folder:
        async with System.started(Path(folder)) as system:
            ann = await Person.register(http, system.addresses, "Ann")
            john = await Person.register(http, system.addresses, "John")
            async with john.window() as window, asyncio.TaskGroup() as group:
                async with frozen(system, "worker"):
                    before = await write(ann, john, "before", BEFORE)
                    await until(system, "SELECT count(*) FROM outbox", 0)
                    # All of it lies in queues now, and what is answered from here on may be in the backup or not.
                    during = group.create_task(write(ann, john, "while", WHILE))
                    backing_up = group.create_task(backed_up(system, backup))
                    await until(system, "SELECT holder FROM relay_lease", "backup")
                said = await backing_up
                titles = before + await during
                await window.until(lambda seen: told(seen) == Counter(titles), "all that was written")
    assert "The relays were held still for" in said
    say(f"{said}Everything is stopped, and its data deleted.\n")

    with tempfile.TemporaryDirectory(prefix="taskify-backup-") as folder:
        async with System.started(Path(folder), backup=backup) as system:
            terminal = (Path(folder) / "up.log").read_text()
            rows = restored_rows(terminal)
            assert rows == {name: (count, count) for name, count in backed_up_rows(backup).items()}
            assert rows["task_service.tasks"][1] >= BEFORE
            say(*(line for line in terminal.splitlines() if ROW.fullmatch(line) or "backed up" in line))
            ann, john = await anew(http, system, ann), await anew(http, system, john)
            window.person, window.address = john, system.addresses.socket
            before_seq, began = window.latest_seq, time.monotonic()
            async with asyncio.TaskGroup() as group:
                # The window of before: it has seen numbers that this inbox has not given yet.
                await window.open(group)
                await ann.create_task("after", assignee_id=john.id)
                there = Counter([title async for title in assigned_to(john)])
                await window.until(lambda seen: told(seen) == there, "each task that is there, once")
                caught_up = time.monotonic() - began
                await window.close()
            assert {*before, "after"} <= there.keys() <= {*titles, "after"}
            assert set(there.values()) == {1}
            await system.check_counters()
            say(
                f"The window that had seen number {before_seq} joined an inbox that is at {window.latest_seq} now."
                f" After {caught_up:.1f} s it showed",
                f"each of {len(there) - 1} tasks of the backup and of 1 made since, once."
                " All unread counters are right.",
            )


async def test_a_backup_is_refused_with_a_reason_and_leaves_nothing(system: System, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    assert "is there already" in await refused(system, "take", taken)
    assert "is not there" in await refused(system, "take", tmp_path / "no" / "backup")
    assert f"{taken} is no backup" in await refused(system, "check", taken)

    whole = tmp_path / "whole"
    await backed_up(system, whole)
    assert (whole / "task_service.dump").stat().st_mode & 0o077 == 0
    assert "holds" in await refused(system, "restore", whole)
    with (whole / "task_service.dump").open("ab") as dump:
        dump.write(b"x")
    assert "its checksum differs" in await refused(system, "check", whole)


async def test_a_worker_that_does_not_work_leaves_no_backup(system: System, tmp_path: Path) -> None:
    async with frozen(system, "worker"):
        assert "not drained after" in await refused(system, "take", tmp_path / "backup")
    assert not list(tmp_path.iterdir())


def backed_up_rows(backup: Path) -> dict[str, int]:
    databases = json.loads((backup / "manifest.json").read_bytes())["databases"]
    return {f"{service}.{table}": count for service, dump in databases.items() for table, count in dump["rows"].items()}


def restored_rows(terminal: str) -> dict[str, tuple[int, int]]:
    """Give what `up --restore` has said of each table."""
    lines = map(ROW.fullmatch, terminal.splitlines())
    return {line[1]: (int(line[2]), int(line[3])) for line in lines if line is not None}


def say(*lines: str) -> None:
    """Show it to whoever runs the drill; pytest keeps it to itself otherwise."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


async def until(system: System, query: str, value: object) -> None:
    """Wait for something in the task service's database."""
    database = await asyncpg.connect(system.environment["TASKIFY_TASK_DATABASE_URL"])
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await database.fetchval(query) != value:
            await asyncio.sleep(0.02)
    await database.close()


@asynccontextmanager
async def frozen(system: System, name: str) -> AsyncIterator[None]:
    (process,) = (each for each in running(system.home) if each.name == name)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


async def write(ann: Person, john: Person, when: str, count: int) -> list[str]:
    titles = [f"{when} {number}" for number in range(count)]
    for title in titles:
        await ann.create_task(title, assignee_id=john.id)
    return titles


async def backed_up(system: System, folder: Path) -> str:
    code, said = await run_backup(system, "take", folder)
    assert code == 0, said
    return said


async def refused(system: System, command: str, folder: Path) -> str:
    code, said = await run_backup(system, command, folder)
    assert code == 1, said
    assert "Traceback" not in said
    return said


async def run_backup(system: System, command: str, folder: Path) -> tuple[int | None, str]:
    with tempfile.TemporaryFile() as terminal:
        process = await run_python(
            "infra.backup",
            command,
            str(folder),
            environment={"TASKIFY_HOME": str(system.home)},
            terminal=terminal.fileno(),
        )
        code = await process.wait()
        terminal.seek(0)
        return code, terminal.read().decode()


async def anew(http: httpx.AsyncClient, system: System, person: Person) -> Person:
    """Log the same person in at another system."""
    credentials = {"email": person.email, "password": PASSWORD}
    answer = await http.post(f"{system.addresses.api}/api/auth/login", json=credentials)
    assert answer.status_code == 200, answer.text
    return Person(person.id, person.name, person.email, answer.json()["access_token"], system.addresses, http)


async def assigned_to(person: Person) -> AsyncIterator[str]:
    """Give the titles of all tasks that a person has."""
    parameters = {"limit": "100", "assignee_id": person.id}
    while True:
        answer = await person.call("GET", "/api/tasks", params=parameters)
        assert answer.status_code == 200, answer.text
        for task in answer.json()["items"]:
            yield task["title"]
        if (cursor := answer.json()["next_cursor"]) is None:
            return
        parameters["cursor"] = cursor


def told(window: Window) -> Counter[str]:
    """Give how often the window shows that each task was assigned."""
    return Counter(
        item["message"].removeprefix("Ann assigned you '").removesuffix("'")
        for item in window.items.values()
        if item["type"] == "task_assigned"
    )
