"""Keep what is left to do of exports and erasures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("event_source", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("erasure_id", sa.Uuid),
        sa.Column("begun_at", _MOMENT, nullable=False),
        sa.Column("removed", JSONB, nullable=False),
        sa.Column("last_outbox_id", sa.BigInteger),
        sa.Column("swept_at", _MOMENT),
        sa.Column("sent_at", _MOMENT),
        sa.Column("closed_at", _MOMENT),
        sa.Column("gone_at", _MOMENT),
    )
    op.create_table(
        "stream_paddings",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("finished_at", _MOMENT),
    )
    op.create_table(
        "export_requests",
        sa.Column("event_source", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("export_id", sa.Uuid, nullable=False),
        sa.Column("requested_at", _MOMENT, nullable=False),
    )
    op.create_index("export_requests_by_user", "export_requests", ["user_id"])
