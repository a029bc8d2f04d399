"""Keep where in the document of a part of an export each section stands; the code of before writes none."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("export_parts", sa.Column("sections", postgresql.JSONB(), nullable=True))
