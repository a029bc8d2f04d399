"""What a request costs in the database when very many notifications are stored, and by which plan.

`python -m tests.load.inbox_at_scale [--rows 10000000]` seeds a private, durable PostgreSQL by COPY, then runs what the
API runs, each time for another person, and prints the medians, beside those of a database of ten thousand rows, and
the plan of every statement. Marking is timed right after a checkpoint, with few rows as with many: in life it comes
seldom, finds its pages unchanged since the last checkpoint, and so writes each of them whole into the log. The exit
code is not zero when a median is over its limit, when something is over the 200 ms of the requirement at the 95th
percentile, or when a large table is read from end to end.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database.engine import create_engine
from infra.database.migrations import upgrade
from infra.local.children import all_children
from infra.local.postgres import start_postgres
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.commands.list_history import list_history
from notification_worker.commands.list_members import list_members
from notification_worker.commands.list_unread import list_unread
from notification_worker.commands.mark import Seen, mark_all_read, mark_read, mark_unread
from notification_worker.commands.sync_inbox import sync_inbox
from tests.load.seed_inboxes import Seeded, seed
from tests.support.sent_statements import sent_statements
from tests.support.servers import Postgres

ROWS = 10_000_000
ROWS_FOR_EACH_PERSON = 1_000
ROWS_FOR_EACH_TASK = 100
FEW_ROWS = 10_000
"""What the database to compare with holds."""
FEW_PEOPLE = FEW_ROWS // ROWS_FOR_EACH_PERSON
SAMPLES = 100
READ_ALLS = 15
BEHIND = READ_ALLS + 5
"""So many of ten million's people have read nothing at all; of few, there are others who have and who have not."""
PAGE = 100
PAGES_BACK = 5
HISTORY = timedelta(days=30)
LIMIT_MS = 20.0
READ_ALL_LIMIT_MS = 100.0
REQUIRED_MS = 200.0
SCANS = ("Seq Scan on notifications", "Seq Scan on notification_members")
LINE = 150
_PASSWORD = "for-this-run-only"


@dataclass
class Scene:
    database: AsyncEngine
    seeded: Seeded
    choice: random.Random

    @property
    def anybody(self) -> Any:
        return self.choice.choice(self.seeded.others)


Timed = Coroutine[Any, Any, object]
Prepare = Callable[[Scene], Awaitable[Timed]]
"""Does what comes before, and gives what is to be timed."""


async def unread_page(scene: Scene) -> Timed:
    return list_unread(scene.database, scene.anybody, PAGE, None)


async def history_page(scene: Scene) -> Timed:
    return list_history(scene.database, scene.anybody, PAGE, None, history=HISTORY)


async def history_far_back(scene: Scene) -> Timed:
    user_id, position = scene.anybody, None
    for _ in range(PAGES_BACK):
        position = (await list_history(scene.database, user_id, PAGE, position, history=HISTORY)).next
    return list_history(scene.database, user_id, PAGE, position, history=HISTORY)


async def sync_start(scene: Scene) -> Timed:
    return sync_inbox(scene.database, scene.anybody, None, history=HISTORY)


async def sync_since(scene: Scene, behind: int) -> Timed:
    user_id = scene.anybody
    head = (await sync_inbox(scene.database, user_id, None, history=HISTORY)).latest_seq
    return sync_inbox(scene.database, user_id, max(0, head - behind), history=HISTORY)


async def members(scene: Scene) -> Timed:
    return list_members(scene.database, *scene.choice.choice(scene.seeded.joined), PAGE, None)


async def read_some(scene: Scene) -> Timed:
    """Mark what was made unread just now: else few people would have read everything after some of these."""
    user_id = scene.anybody
    rows = (await list_history(scene.database, user_id, PAGE, None, history=HISTORY)).items
    await mark_unread(scene.database, user_id, [Seen(row.id) for row in rows], history=HISTORY)
    rows = (await list_history(scene.database, user_id, PAGE, None, history=HISTORY)).items
    return mark_read(scene.database, user_id, [Seen(row.id, row.seq) for row in rows])


async def unread_some(scene: Scene) -> Timed:
    user_id = scene.anybody
    rows = (await list_history(scene.database, user_id, PAGE, None, history=HISTORY)).items
    await mark_read(scene.database, user_id, [Seen(row.id) for row in rows])
    return mark_unread(scene.database, user_id, [Seen(row.id) for row in rows], history=HISTORY)


async def read_all(scene: Scene) -> Timed:
    user_id = scene.seeded.behind.pop()
    head = (await sync_inbox(scene.database, user_id, None, history=HISTORY)).latest_seq
    return mark_all_read(scene.database, user_id, head)


@dataclass(frozen=True)
class Case:
    name: str
    prepare: Prepare
    limit_ms: float = LIMIT_MS
    samples: int = SAMPLES
    first_touch: bool = False
    """Whether each sample comes right after a checkpoint."""


READ_ALL = Case(f"read-all of about {ROWS_FOR_EACH_PERSON:,}", read_all, READ_ALL_LIMIT_MS, READ_ALLS, first_touch=True)
CASES = (
    Case(f"unread, a page of {PAGE}", unread_page),
    Case(f"history, the newest {PAGE}", history_page),
    Case(f"history, {PAGE} after {PAGE * PAGES_BACK}", history_far_back),
    Case("sync from nothing (50 and all unread)", sync_start),
    Case(f"sync after {PAGE} changes", partial(sync_since, behind=PAGE)),
    Case("sync after none: the count", partial(sync_since, behind=0)),
    Case("members of a row", members),
    Case(f"mark {PAGE} read", read_some, first_touch=True),
    Case(f"mark {PAGE} unread", unread_some, first_touch=True),
    READ_ALL,
)


@dataclass
class Recorder:
    """Notes each statement that runs, once, with what it ran with."""

    statements: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    @contextmanager
    def listening(self, database: AsyncEngine) -> Iterator[None]:
        with sent_statements(database) as sent:
            yield
        for statement, parameters in sent:
            many = isinstance(parameters, list)
            self.statements.setdefault(statement, tuple(parameters[0] if many else parameters))


@dataclass
class Measured:
    seconds: dict[str, list[float]] = field(default_factory=dict)
    plans: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def median_ms(self, case: Case) -> float:
        return statistics.median(self.seconds[case.name]) * 1000

    def p95_ms(self, case: Case) -> float:
        return statistics.quantiles(self.seconds[case.name], n=20, method="inclusive")[18] * 1000


@asynccontextmanager
async def seeded_scene(server: Postgres, rows: int, behind: int) -> AsyncIterator[tuple[Scene, asyncpg.Connection]]:
    """Give a database of so many rows and people behind, and an administrator's connection to it.

    Raises:
        SystemExit: at the end, a counter differs from a recount.
    """
    async with server.database("notification_worker") as url:
        administrator = await asyncpg.connect(server.admin_url, database=url.rpartition("/")[2])
        start = time.perf_counter()
        people = max(1, rows // ROWS_FOR_EACH_PERSON)
        tasks = max(1, rows // ROWS_FOR_EACH_TASK)
        seeded = await seed(administrator, rows=rows, people=people, tasks=tasks, behind=behind)
        size = await administrator.fetchval("SELECT pg_size_pretty(pg_database_size(current_database()))")
        sys.stdout.write(f"{rows:,} rows of {people:,} people, {size}, in {time.perf_counter() - start:.0f} s\n")
        database = create_engine(url, application_name="at-scale")
        yield Scene(database, seeded, random.Random(11)), administrator  # noqa: S311 (the same people every time)
        start = time.perf_counter()
        different = await check_inboxes(database)
        sys.stdout.write("".join(f"{one}\n" for one in different))
        sys.stdout.write(f"{len(different)} counters differ from a recount ({time.perf_counter() - start:.1f} s)\n")
        await database.dispose()
        await administrator.close()
    if different:
        raise SystemExit(1)


async def measure(server: Postgres, rows: int, behind: int, cases: Sequence[Case]) -> Measured:
    """Seed a database of so many rows, and time the cases on it."""
    measured = Measured()
    async with seeded_scene(server, rows, behind) as (scene, administrator):
        for case in cases:
            await time_case(case, scene, measured, administrator)
    return measured


async def time_case(case: Case, scene: Scene, measured: Measured, administrator: asyncpg.Connection) -> None:
    recorder = Recorder()
    seconds = measured.seconds.setdefault(case.name, [])
    for number in range(min(case.samples, len(scene.seeded.behind) if case.prepare is read_all else case.samples)):
        timed = await case.prepare(scene)
        if case.first_touch:
            await administrator.execute("CHECKPOINT")
        with recorder.listening(scene.database):
            start = time.perf_counter()
            await timed
            elapsed = time.perf_counter() - start
            # The driver tells of its statements in the next turn of the loop.
            await asyncio.sleep(0)
        # The first also builds the statements.
        if number:
            seconds.append(elapsed)
    measured.plans[case.name] = {
        statement: await plan_of(administrator, statement, parameters)
        for statement, parameters in recorder.statements.items()
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH"))
    }


async def plan_of(administrator: asyncpg.Connection, statement: str, parameters: tuple[Any, ...]) -> list[str]:
    transaction = administrator.transaction()
    await transaction.start()
    try:
        return [row[0] for row in await administrator.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", *parameters)]
    finally:
        await transaction.rollback()


def report(large: Measured, small: Measured) -> bool:
    """Print plans and table; say whether every limit was kept."""
    kept = True
    for case in CASES:
        sys.stdout.write(f"\n== {case.name}\n")
        for statement, plan in large.plans[case.name].items():
            scanned = [line for line in plan if any(scan in line for scan in SCANS)]
            kept = kept and not scanned
            sys.stdout.write(f"-- {' '.join(statement.split())[:LINE]}\n")
            sys.stdout.write("".join(f"   {line[:LINE]}\n" for line in plan if "Buffers" not in line))
    header = f"{'milliseconds':46}{'median':>9}{'p95':>9}{'limit':>8}{f'with {FEW_ROWS:,}':>14}{'ratio':>8}"
    sys.stdout.write(f"\n{header}\n")
    for case in CASES:
        median, p95, before = large.median_ms(case), large.p95_ms(case), small.median_ms(case)
        kept = kept and median < case.limit_ms and p95 < REQUIRED_MS
        sys.stdout.write(
            f"{case.name:46}{median:9.1f}{p95:9.1f}{case.limit_ms:8.0f}{before:14.1f}{median / before:8.2f}\n"
        )
    sys.stdout.write(f"{'all limits kept' if kept else 'A LIMIT WAS NOT KEPT'}\n")
    return kept


async def main(rows: int) -> int:
    """Measure both sizes on one server, the small one first."""
    with tempfile.TemporaryDirectory(prefix="taskify-at-scale-") as name, all_children(Path(name)) as children:
        folder = Path(name)
        folder.chmod(0o755)
        started = await asyncio.to_thread(
            start_postgres, children, folder / "postgres", password=_PASSWORD, stage=0, durable=True
        )
        server = Postgres(started.url, upgrade)
        small = await measure(server, FEW_ROWS, 0, CASES[:-1])
        small.seconds |= (await measure(server, FEW_ROWS, FEW_PEOPLE, [READ_ALL])).seconds
        return 0 if report(await measure(server, rows, BEHIND, CASES), small) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="at least 30,000")
    sys.exit(asyncio.run(main(parser.parse_args().rows)))
