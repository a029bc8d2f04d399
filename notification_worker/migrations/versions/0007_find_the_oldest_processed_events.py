"""Find the oldest processed events; a step of its own: an index made beside others' work cannot be undone with it."""

from alembic import op

from infra.database.migrations import beside_running_transactions

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with beside_running_transactions():
        # One that was broken off is there, and invalid.
        op.drop_index("processed_events_oldest", "processed_events", postgresql_concurrently=True, if_exists=True)
        op.create_index("processed_events_oldest", "processed_events", ["processed_at"], postgresql_concurrently=True)
