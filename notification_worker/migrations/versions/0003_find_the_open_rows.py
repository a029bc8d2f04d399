"""Find the open rows of a task; a step of its own, since an index made beside others' work cannot be undone with it."""

import sqlalchemy as sa
from alembic import op

from infra.database.migrations import beside_running_transactions

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with beside_running_transactions():
        # One that was broken off is there, and invalid.
        op.drop_index("notifications_open", "notifications", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            "notifications_open",
            "notifications",
            ["task_id", "user_id", "type", "created_at"],
            postgresql_where=sa.text("read_at IS NULL AND type IN ('comment_added', 'status_changed')"),
            postgresql_concurrently=True,
        )
