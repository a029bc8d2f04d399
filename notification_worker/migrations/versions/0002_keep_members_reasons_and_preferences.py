"""Keep members, preferences, and why somebody was not told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inboxes", sa.Column("forgotten_seq", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("notifications", sa.Column("event_time", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notifications", sa.Column("old_status", sa.Text(), nullable=True))
    op.add_column("notifications", sa.Column("other_actors", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "removed_notifications",
        sa.Column(
            "removed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
    )
    # Nothing has been removed before this step, so that nothing is locked for long.
    op.create_index("removed_notifications_oldest", "removed_notifications", ["removed_at"])
    _create_members()
    _create_choices()
    _create_task_events()


def _create_members() -> None:
    op.create_table(
        "notification_members",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=True),
        sa.Column("frequency", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("task_title", sa.Text(), nullable=True),
        sa.Column("old_status", sa.Text(), nullable=True),
        sa.Column("new_status", sa.Text(), nullable=True),
        sa.Column("comment_id", sa.Uuid(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("task_deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reasons", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "message IS NOT NULL OR task_id IS NOT NULL AND task_title IS NOT NULL",
            name="notification_members_text_check",
        ),
        sa.CheckConstraint("(notification_id IS NULL) = (due_at IS NOT NULL)", name="notification_members_waits_check"),
        sa.CheckConstraint(
            "due_at IS NULL OR frequency IN ('hourly', 'daily')", name="notification_members_frequency_check"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["inboxes.user_id"], name="notification_members_user_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name="notification_members_notification_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="notification_members_pkey"),
    )
    for name, columns, where in (
        ("of_notification", ["notification_id", "created_at", "id"], "notification_id IS NOT NULL"),
        ("due", ["due_at", "user_id"], "due_at IS NOT NULL"),
        ("waiting", ["user_id"], "due_at IS NOT NULL"),
        ("waiting_of_task", ["task_id", "user_id"], "due_at IS NOT NULL"),
        ("of_task", ["task_id"], "task_id IS NOT NULL"),
        ("by_actor", ["actor_id"], "actor_id IS NOT NULL"),
    ):
        op.create_index(
            f"notification_members_{name}", "notification_members", columns, postgresql_where=sa.text(where)
        )
    op.create_index(
        "notification_members_once_for_each_event",
        "notification_members",
        ["user_id", "event_source", "event_id"],
        unique=True,
    )


def _create_choices() -> None:
    op.create_table(
        "preferences",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("daily_at", sa.Time(), nullable=False),
        sa.Column("frequencies", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="preferences_pkey"),
    )
    op.create_table(
        "muted_tasks",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("muted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "task_id", name="muted_tasks_pkey"),
    )
    op.create_index("muted_tasks_newest", "muted_tasks", ["user_id", "muted_at", "task_id"])
    op.create_index("muted_tasks_of_task", "muted_tasks", ["task_id"])
    op.create_table(
        "kinds",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", name="kinds_pkey"),
    )


def _create_task_events() -> None:
    op.create_table(
        "task_events",
        sa.Column("event_source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("event_source", "event_id", name="task_events_pkey"),
    )
    op.create_index("task_events_of_task", "task_events", ["task_id", "sequence"])
    op.create_index("task_events_oldest", "task_events", ["recorded_at"])
    for column in ("actor", "assignee"):
        op.create_index(
            f"task_events_by_{column}",
            "task_events",
            [f"{column}_id"],
            postgresql_where=sa.text(f"{column}_id IS NOT NULL"),
        )
    op.create_table(
        "held_back_events",
        sa.Column("event_source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_source", "event_id"],
            ["task_events.event_source", "task_events.event_id"],
            name="held_back_events_event_source_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_source", "event_id", "user_id", name="held_back_events_pkey"),
    )
    op.create_index("held_back_events_by_user", "held_back_events", ["user_id"])
