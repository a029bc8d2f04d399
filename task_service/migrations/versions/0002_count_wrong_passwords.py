"""Count wrong passwords."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "login_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="login_attempts_pkey"),
    )
    op.create_index("login_attempts_account", "login_attempts", ["account", "attempted_at"])
    op.create_index("login_attempts_address", "login_attempts", ["address", "attempted_at"])
    op.create_index("login_attempts_oldest", "login_attempts", ["attempted_at"])
