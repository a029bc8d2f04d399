"""Run by Alembic. See `infra.database.migrations`."""

from infra.database.migrations import run_migrations
from task_service.models import Tables

run_migrations(Tables.metadata)
