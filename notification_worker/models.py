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
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Time,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from infra.outbox.table import outbox_set_aside_table, outbox_table, relay_lease_table
from infra.processed_events import processed_events_table
from notification_worker.privacy_tables import privacy_tables

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
    Column("forgotten_seq", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("last_seq >= 0", name="last_seq"),
    CheckConstraint("unread_count >= 0", name="unread_count"),
)
"""The head of each person's log; whoever changes anything of a person's notifications locks this row first.

`forgotten_seq` is the number up to which changes are no longer known, since their rows, or the notes of their removal,
are gone: a window that is behind it starts again.
"""

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
    Column("event_time", DateTime(timezone=True)),
    Column("old_status", Text),
    Column("other_actors", Integer, nullable=False, server_default="0"),
    CheckConstraint("seq >= 1", name="seq"),
    CheckConstraint("count >= 1", name="count"),
    CheckConstraint("message IS NOT NULL OR task_id IS NOT NULL AND task_title IS NOT NULL", name="text"),
    Index("notifications_once_for_each_event", "user_id", "event_source", "event_id", unique=True),
    Index("notifications_unread", "user_id", "created_at", "id", postgresql_where=text("read_at IS NULL")),
    Index("notifications_newest", "user_id", "created_at", "id"),
    Index("notifications_read_oldest", "user_id", "created_at", "id", postgresql_where=text("read_at IS NOT NULL")),
    Index("notifications_by_seq", "user_id", "seq", "id"),
    Index("notifications_of_task", "task_id", "user_id", postgresql_where=text("task_id IS NOT NULL")),
    Index("notifications_by_actor", "actor_id", "user_id", postgresql_where=text("actor_id IS NOT NULL")),
    Index(
        "notifications_open",
        "task_id",
        "user_id",
        "type",
        "created_at",
        postgresql_where=text("read_at IS NULL AND type IN ('comment_added', 'status_changed')"),
    ),
)
"""What a person sees as one row, as parts; `message` and `link` are those of another service's request or of a digest.

A row stands for one event, or for `count` of them, which are then its members: `actor` is the latest of those who
did it, `other_actors` counts the others, and everything else is of the first.

`notifications_once_for_each_event` is the second fence against telling somebody twice, behind `processed_events`.
`notifications_unread` and `notifications_newest`, read backwards, serve the lists, `notifications_by_seq` serves
`sync`, `notifications_of_task` the deletion of a task, `notifications_by_actor` the erasure of a person, and
`notifications_open` finds the unread row that one more event of a task joins, or takes back. What was read and is too
old is found by `notifications_read_oldest`, which costs nothing until a row is read: `notifications_newest` does not
say what was, and of somebody who never reads it would lead to every row.
"""

notification_members = Table(
    "notification_members",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("inboxes.user_id", ondelete="CASCADE"), nullable=False),
    Column("notification_id", Uuid, ForeignKey("notifications.id", ondelete="CASCADE")),
    Column("frequency", Text),
    Column("due_at", DateTime(timezone=True)),
    Column("type", Text, nullable=False),
    Column("actor_id", Uuid),
    Column("actor_name", Text),
    Column("task_id", Uuid),
    Column("task_title", Text),
    Column("old_status", Text),
    Column("new_status", Text),
    Column("comment_id", Uuid),
    Column("message", Text),
    Column("link", Text),
    Column("task_deleted", Boolean, nullable=False, server_default=text("false")),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("event_source", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("event_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("message IS NOT NULL OR task_id IS NOT NULL AND task_title IS NOT NULL", name="text"),
    CheckConstraint("(notification_id IS NULL) = (due_at IS NOT NULL)", name="waits"),
    CheckConstraint("due_at IS NULL OR frequency IN ('hourly', 'daily')", name="frequency"),
    Index("notification_members_once_for_each_event", "user_id", "event_source", "event_id", unique=True),
    Index(
        "notification_members_of_notification",
        "notification_id",
        "created_at",
        "id",
        postgresql_where=text("notification_id IS NOT NULL"),
    ),
    Index("notification_members_due", "due_at", "user_id", postgresql_where=text("due_at IS NOT NULL")),
    Index("notification_members_waiting", "user_id", postgresql_where=text("due_at IS NOT NULL")),
    Index("notification_members_waiting_of_task", "task_id", "user_id", postgresql_where=text("due_at IS NOT NULL")),
    Index("notification_members_of_task", "task_id", postgresql_where=text("task_id IS NOT NULL")),
    Index("notification_members_by_actor", "actor_id", postgresql_where=text("actor_id IS NOT NULL")),
)
"""The events that a row of several stands for, one row for each; or that wait until `due_at` to become a digest.

A notification of one event has no member: its first is written when the second comes. Members are numbered by nothing,
since they are asked for, never pushed. `…_due` serves the sending of digests, `…_waiting` a change of preferences,
`…_waiting_of_task` a status that goes back, `…_of_task` and `…_by_actor` the deletion of a task and the erasure of a
person.
"""

removed_notifications = Table(
    "removed_notifications",
    metadata,
    Column("user_id", Uuid, ForeignKey("inboxes.user_id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("notification_id", Uuid, primary_key=True),
    Column("removed_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index("removed_notifications_oldest", "removed_at"),
)
"""What is gone, and since which `seq`, so that a window that was away learns of it."""

preferences = Table(
    "preferences",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("timezone", Text, nullable=False),
    Column("daily_at", Time, nullable=False),
    Column("frequencies", JSONB, nullable=False),
)
"""What a person has decided: `frequencies` holds, by type, those that are not `instant`."""

muted_tasks = Table(
    "muted_tasks",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("task_id", Uuid, primary_key=True),
    Column("muted_at", DateTime(timezone=True), nullable=False),
    Index("muted_tasks_newest", "user_id", "muted_at", "task_id"),
    Index("muted_tasks_of_task", "task_id"),
)
"""Who wants to hear nothing of a task but being assigned.

`muted_tasks_newest`, read backwards, serves the list, `muted_tasks_of_task` the task's events and its deletion.
"""

kinds = Table(
    "kinds",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("first_seen_at", DateTime(timezone=True), nullable=False),
)
"""The types of notifications that other services have sent, and who sent each first: what a preference can be for."""

task_events = Table(
    "task_events",
    metadata,
    Column("event_source", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("task_id", Uuid, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("event_time", DateTime(timezone=True), nullable=False),
    Column("actor_id", Uuid),
    Column("assignee_id", Uuid),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Index("task_events_of_task", "task_id", "sequence"),
    Index("task_events_oldest", "recorded_at"),
    Index("task_events_by_actor", "actor_id", postgresql_where=text("actor_id IS NOT NULL")),
    Index("task_events_by_assignee", "assignee_id", postgresql_where=text("assignee_id IS NOT NULL")),
)
"""The events of tasks that tell people, without a name in them: what "why was I not told?" is answered from.

`type` is the event's own. Kept as long as notifications are shown; `task_events_oldest` serves their removal.
"""

held_back_events = Table(
    "held_back_events",
    metadata,
    Column("event_source", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("user_id", Uuid, primary_key=True),
    Column("outcome", Text, nullable=False),
    ForeignKeyConstraint(
        ["event_source", "event_id"], ["task_events.event_source", "task_events.event_id"], ondelete="CASCADE"
    ),
    Index("held_back_events_by_user", "user_id"),
)
"""Who would have been told of a task's event, and which rule held it back.

Nothing is written for who did it themselves, nor for who did not watch: both can be seen from the event.
"""

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

ended_sessions = Table(
    "ended_sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("noted_at", DateTime(timezone=True), nullable=False),
    Index("ended_sessions_oldest", "noted_at"),
)
"""Sessions whose tokens the API lets in no more; `ended_sessions_oldest` serves the removal of the old ones."""

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
erasures, stream_paddings, export_requests = privacy_tables(metadata)
