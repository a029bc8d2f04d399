"""Find the oldest that was read; a step of its own: an index made beside others' work cannot be undone with it."""

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
        op.drop_index("notifications_read_oldest", "notifications", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            "notifications_read_oldest",
            "notifications",
            ["user_id", "created_at", "id"],
            postgresql_where=sa.text("read_at IS NOT NULL"),
            postgresql_concurrently=True,
        )
