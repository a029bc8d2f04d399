"""The tables of the notification worker: inboxes as numbered logs, and what is kept to know whom to tell.

Every change of a person's inbox takes that person's next `seq`; a row carries the number of its latest change. So
"what changed since n" is one scan of `notifications_by_seq`, and counts are kept where the rows are.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from infra.outbox.table import outbox_set_aside_table, outbox_table, relay_lease_table
from infra.processed_events import processed_events_table

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

inboxes = Table(
    "inboxes",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("last_seq", BigInteger, nullable=False, server_default="0"),
    Column("unread_count", Integer, nullable=False, server_default="0"),
    CheckConstraint("last_seq >= 0", name="last_seq"),
    CheckConstraint("unread_count >= 0", name="unread_count"),
)
"""The head of each person's log; whoever changes anything of a person's notifications locks this row first."""

notifications = Table(
    "notifications",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("inboxes.user_id", ondelete="CASCADE"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("actor_id", Uuid),
    Column("actor_name", Text),
    Column("task_id", Uuid),
    Column("task_title", Text),
    Column("new_status", Text),
    Column("comment_id", Uuid),
    Column("message", Text),
    Column("link", Text),
    Column("task_deleted", Boolean, nullable=False, server_default=text("false")),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("count", Integer, nullable=False, server_default="1"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("read_at", DateTime(timezone=True)),
    Column("event_source", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    CheckConstraint("seq >= 1", name="seq"),
    CheckConstraint("count >= 1", name="count"),
    CheckConstraint("message IS NOT NULL OR task_id IS NOT NULL AND task_title IS NOT NULL", name="text"),
    Index("notifications_once_for_each_event", "user_id", "event_source", "event_id", unique=True),
    Index("notifications_unread", "user_id", "created_at", "id", postgresql_where=text("read_at IS NULL")),
    Index("notifications_newest", "user_id", "created_at", "id"),
    Index("notifications_by_seq", "user_id", "seq", "id"),
    Index("notifications_of_task", "task_id", "user_id", postgresql_where=text("task_id IS NOT NULL")),
    Index("notifications_by_actor", "actor_id", "user_id", postgresql_where=text("actor_id IS NOT NULL")),
)
"""One row for each person and event, as parts; `message` and `link` are those of another service's request.

`notifications_once_for_each_event` is the second fence against telling somebody twice, behind `processed_events`.
`notifications_unread` and `notifications_newest`, read backwards, serve the lists, `notifications_by_seq` serves
`sync`, `notifications_of_task` the deletion of a task, and `notifications_by_actor` the erasure of a person.
"""

removed_notifications = Table(
    "removed_notifications",
    metadata,
    Column("user_id", Uuid, ForeignKey("inboxes.user_id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("notification_id", Uuid, primary_key=True),
)
"""What is gone, and since which `seq`, so that a window that was away learns of it."""

watchers = Table(
    "watchers",
    metadata,
    Column("task_id", Uuid, primary_key=True),
    Column("user_id", Uuid, primary_key=True),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("watched_sequence", BigInteger, nullable=False),
    Column("stopped_sequence", BigInteger, nullable=False),
    Index("watchers_by_user", "user_id"),
)
"""Who watches a task and why; a person watches while `watched_sequence` is above `stopped_sequence`.

Both are numbers of the task's events, so that an old event that comes again undoes nothing. `watchers_by_user` serves
the erasure of a person.
"""

deleted_tasks = Table(
    "deleted_tasks",
    metadata,
    Column("task_id", Uuid, primary_key=True),
    Column("deleted_at", DateTime(timezone=True), nullable=False),
)
"""Tasks that are gone: an event of one that comes late tells people without a link and adds no watcher."""

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("erased_at", DateTime(timezone=True)),
)
"""Who may be told by a request, and who is erased; no name, since events carry the names that are shown."""

worker_heartbeats = Table(
    "worker_heartbeats",
    metadata,
    Column("worker_id", Uuid, primary_key=True),
    Column("beat_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)
"""The workers that run, by which they share the lanes out."""

processed_events = processed_events_table(metadata)
outbox = outbox_table(metadata)
outbox_set_aside = outbox_set_aside_table(metadata)
relay_lease = relay_lease_table(metadata)
