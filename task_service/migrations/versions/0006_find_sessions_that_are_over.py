"""Find sessions that are over; a step of its own, since an index made beside others' work cannot be undone with it."""

import sqlalchemy as sa
from alembic import op

from infra.database.migrations import beside_running_transactions

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with beside_running_transactions():
        # One that was broken off is there, and invalid.
        op.drop_index("sessions_over", "sessions", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            "sessions_over",
            "sessions",
            [sa.func.coalesce(sa.text("ended_at"), sa.text("expires_at"))],
            postgresql_concurrently=True,
        )
