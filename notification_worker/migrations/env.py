"""Run by Alembic. See `infra.database.migrations`."""

from infra.database.migrations import run_migrations
from notification_worker.models import metadata

run_migrations(metadata)
