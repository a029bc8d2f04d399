"""Remember replaced refresh tokens. A session whose first token was never replaced has none of it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("family_hash", sa.LargeBinary(), nullable=True))
    op.add_column("sessions", sa.Column("previous_hash", sa.LargeBinary(), nullable=True))
    op.add_column("sessions", sa.Column("successor_salt", sa.LargeBinary(), nullable=True))
    op.add_column("sessions", sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True))
