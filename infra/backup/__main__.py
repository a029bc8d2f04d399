"""Back up both databases, or restore them: `python -m infra.backup take|check|restore FOLDER`.

It reads TASKIFY_TASK_DATABASE_URL, TASKIFY_NOTIFICATION_DATABASE_URL and, to take a backup, TASKIFY_OPERATOR_BROKER_URL
(environment, or $TASKIFY_HOME/environment). A backup is taken while everything runs. A restore needs two empty
databases, an empty broker, and no process of ours running.

Exit codes: 0 done; 1 something is in the way, and nothing was changed; 2 the command line is wrong.
"""

import argparse
import asyncio
import sys
from pathlib import Path

import asyncpg

from infra.backup.archive import Manifest, read_manifest
from infra.backup.cut import NOTIFICATION_WORKER, TASK_SERVICE
from infra.backup.dumping import take
from infra.backup.restoring import restore
from infra.command_line import run_command
from infra.settings import BrokerUrls, PostgresUrl, Settings

_NAME = "backup"


class RestoreSettings(Settings):
    task_database_url: PostgresUrl
    notification_database_url: PostgresUrl


class BackupSettings(RestoreSettings):
    operator_broker_url: BrokerUrls
    """Not used here: the `drain` of both services needs it, and to fail before anything is held still is better."""


def main() -> int:
    """Do what the command line says; give the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.backup", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, meaning in (
        ("take", "back up both databases into a new folder"),
        ("check", "see whether a backup is whole"),
        ("restore", "fill two empty databases from a backup"),
    ):
        commands.add_parser(name, help=meaning).add_argument("folder", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    run = {"take": _take, "check": _check, "restore": _restore}[arguments.command]
    return run_command(_NAME, lambda: run(arguments.folder), asyncpg.PostgresError)


def _take(folder: Path) -> int:
    settings = BackupSettings()
    manifest, held = asyncio.run(take(folder, settings.task_database_url, settings.notification_database_url))
    _tell(manifest, f"{folder} holds both databases as of")
    sys.stdout.write(f"The relays were held still for {held:.1f} s.\n")
    return 0


def _check(folder: Path) -> int:
    _tell(read_manifest(folder), f"{folder} is whole, as of")
    return 0


def _restore(folder: Path) -> int:
    settings = RestoreSettings()
    urls = {TASK_SERVICE: settings.task_database_url, NOTIFICATION_WORKER: settings.notification_database_url}
    restored = asyncio.run(restore(folder, urls))
    _tell(restored.manifest, "Restored, every table counted, to")
    sys.stdout.write(f"{restored.table()}\n")
    return 0


def _tell(manifest: Manifest, what: str) -> None:
    sys.stdout.write(f"{what} {manifest.taken_at.isoformat(timespec='seconds')}:\n")
    for service, dump in manifest.databases.items():
        sys.stdout.write(f"  {service}: {len(dump.rows)} tables, {sum(dump.rows.values())} rows\n")


if __name__ == "__main__":
    sys.exit(main())
