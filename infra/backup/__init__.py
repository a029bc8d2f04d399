"""Backing up both databases at one point of the events' way, and restoring them to it.

What it does
    `cut` finds the point: it holds both relays still, waits until each service has applied what the other has
    published, and opens a snapshot in each database; then the relays go on. `archive` is the folder of a backup: a
    dump of each database, and `manifest.json` with the number of rows in each table and a checksum of each file.
    `dumping` and `restoring` run PostgreSQL's own `pg_dump` and `pg_restore`.

Guarantees
    · A backup holds every change that was answered before it began, and for each either its notifications or its row
      in the outbox, from which the relay publishes it after a restore: nothing lost, nobody told twice.
    · The way back is as whole: an answer to an export or an erasure is in the task service's database, or in the
      worker's outbox, or still to be given by the worker.
    · Nothing of the broker is needed: after a restore it starts empty.
    · While a backup is taken the API and the windows go on; deliveries wait for about a second, once.
    · A folder that bears the name of a backup is whole. Its files are readable by their owner only.
    · A restore fills empty databases only, each in one transaction, and counts every table afterwards.

Errors
    BackupError
    ├── ArchiveError      the folder is no backup, is damaged, or is there already
    ├── ProgramError      `pg_dump` or `pg_restore` is missing, too old, or failed
    └── NotEmptyError     a database to restore into is in use, or holds something

May import
    infra.database, infra.outbox, infra.settings; `infra.local` restores through it.
"""

from infra.errors import InfraError


class BackupError(InfraError):
    """A backup or a restore did not come to its end."""


class ArchiveError(BackupError):
    """The folder is no backup, is damaged, or is there already."""


class ProgramError(BackupError):
    """A program of PostgreSQL is missing, too old, or failed."""


class NotEmptyError(BackupError):
    """A database to restore into is in use, or holds something."""
