"""Taking a backup."""

from datetime import UTC, datetime
from pathlib import Path

from infra.backup.archive import MANIFEST, Dump, Manifest, checksum, new_archive
from infra.backup.cut import NOTIFICATION_WORKER, TASK_SERVICE, cut
from infra.backup.programs import program, run_program


async def take(folder: Path, task_database_url: str, notification_database_url: str) -> tuple[Manifest, float]:
    """Back up both databases into a new folder; give what it holds, and how many seconds the relays were held still.

    Raises:
        BackupError: one of its kinds; there is no folder then.
        InfraError: a relay could not be held still, or a database is away.
    """
    program("pg_dump")
    urls = {TASK_SERVICE: task_database_url, NOTIFICATION_WORKER: notification_database_url}
    with new_archive(folder) as partial:
        dumps: dict[str, Dump] = {}
        async with cut(task_database_url, notification_database_url) as at:
            taken_at = datetime.now(UTC)
            for service, snapshot in at.snapshots.items():
                file = partial / f"{service}.dump"
                await run_program(
                    "pg_dump", urls[service], ("--format=custom", f"--snapshot={snapshot.id}", "--file", file)
                )
                dumps[service] = Dump(file=file.name, sha256=checksum(file), rows=await snapshot.rows())
        manifest = Manifest(taken_at=taken_at, databases=dumps)
        (partial / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n")
    return manifest, at.held_seconds
