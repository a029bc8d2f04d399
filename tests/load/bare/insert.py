"""Bare asyncpg: write the rows that our worker has written, in transactions of as many events as it takes at most.

The rows are read from the worker's database first; the heads of the inboxes, which the rows point at, are there
before the time runs.
"""

import argparse
import sys
import time
from typing import Any

import asyncpg
import orjson
import uvloop

TABLES = ("processed_events", "notifications", "task_events", "outbox")

_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_name = $1 AND is_identity = 'NO' ORDER BY ordinal_position
"""

Rows = list[tuple[Any, ...]]


async def read(url: str) -> dict[str, tuple[list[str], Rows]]:
    connection = await asyncpg.connect(url)
    found = {}
    for table in ("inboxes", *TABLES):
        columns = [row[0] for row in await connection.fetch(_COLUMNS, table)]
        rows = await connection.fetch(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 (names of ours)
        found[table] = columns, [tuple(row) for row in rows]
    await connection.close()
    return found


async def main(source: str, target: str, batch: int) -> None:
    tables = await read(source)
    connection = await asyncpg.connect(target)
    columns, heads = tables.pop("inboxes")
    await connection.copy_records_to_table("inboxes", records=heads, columns=columns)
    inserts = {
        table: f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608 (names of ours)
        f"VALUES ({', '.join(f'${number + 1}' for number in range(len(columns)))})"
        for table, (columns, _) in tables.items()
    }
    turns = max(1, -(-len(tables["processed_events"][1]) // batch))
    began, cpu = time.perf_counter(), time.process_time()
    for turn in range(turns):
        async with connection.transaction():
            for table, (_, rows) in tables.items():
                if some := rows[turn * len(rows) // turns : (turn + 1) * len(rows) // turns]:
                    await connection.executemany(inserts[table], some)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    await connection.close()
    counts = {table: len(rows) for table, (_, rows) in tables.items()}
    result = {"seconds": seconds, "cpu_seconds": cpu_seconds, "rows": counts}
    sys.stdout.write(orjson.dumps(result).decode() + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--batch", type=int, default=100)
    chosen = parser.parse_args()
    uvloop.run(main(chosen.source, chosen.target, chosen.batch))
