"""Restoring a backup into empty databases."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from infra.backup import ArchiveError, BackupError, NotEmptyError
from infra.backup.archive import Manifest, read_manifest
from infra.backup.cut import count_rows
from infra.backup.programs import run_program

_CONNECT_SECONDS = 5.0

_OTHERS = """
SELECT DISTINCT application_name::text FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """`rows` are those of each table of each service, counted in the databases after the restore."""

    manifest: Manifest
    rows: Mapping[str, Mapping[str, int]]

    def table(self) -> str:
        """Write a line for each table: how many rows it was backed up with, and how many it has now."""
        lines = [f"  {'table':<50} {'backed up':>10} {'restored':>10}"]
        for service, dump in self.manifest.databases.items():
            lines += [
                f"  {f'{service}.{name}':<50} {dump.rows[name]:>10} {count:>10}"
                for name, count in self.rows[service].items()
            ]
        return "\n".join(lines)


async def restore(folder: Path, database_urls: Mapping[str, str]) -> Restored:
    """Fill the databases, given by service, from a backup; each is filled wholly or not at all, and counted then.

    Raises:
        ArchiveError: the folder is no backup, or damaged; nothing was touched.
        NotEmptyError: a database holds something, or is in use; nothing was touched.
        ProgramError: `pg_restore` failed; its database is as empty as before.
        BackupError: a table holds another number of rows than it was backed up with.
    """
    manifest = read_manifest(folder)
    if manifest.databases.keys() != database_urls.keys():
        raise ArchiveError(f"{folder} holds {', '.join(manifest.databases)}, and not {', '.join(database_urls)}")
    for service, url in database_urls.items():
        await _require_empty(service, url)
    rows: dict[str, Mapping[str, int]] = {}
    for service, url in database_urls.items():
        dump = manifest.databases[service]
        await run_program(
            "pg_restore",
            url,
            ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", folder / dump.file),
        )
        found = await _rows(url)
        wrong = sorted(name for name in dump.rows | found if dump.rows.get(name) != found.get(name))
        if wrong:
            raise BackupError(f"{service}: another number of rows than was backed up: {', '.join(wrong)}")
        rows[service] = found
    return Restored(manifest, rows)


async def _require_empty(service: str, url: str) -> None:
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    try:
        if tables := await count_rows(connection):
            raise NotEmptyError(f"{service}: the database holds {len(tables)} tables; a restore needs an empty one")
        if others := await connection.fetch(_OTHERS):
            names = ", ".join(row["application_name"] or "somebody" for row in others)
            raise NotEmptyError(f"{service}: {names} still uses the database; stop every process first")
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)


async def _rows(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    try:
        return await count_rows(connection)
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)
