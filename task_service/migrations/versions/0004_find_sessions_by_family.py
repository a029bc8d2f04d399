"""Find sessions by family; a step of its own, since an index made beside others' work cannot be undone with it."""

import sqlalchemy as sa
from alembic import op

from infra.database.migrations import beside_running_transactions

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with beside_running_transactions():
        # One that was broken off is there, and invalid.
        op.drop_index("sessions_family", "sessions", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            "sessions_family",
            "sessions",
            [sa.func.coalesce(sa.text("family_hash"), sa.text("refresh_hash"))],
            unique=True,
            postgresql_concurrently=True,
        )
