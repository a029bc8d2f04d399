"""The tables of the task service.

Rows are locked in one order: the task, then its watchers and comments, then the outbox. Every event of a task is
written while its row is locked, so that outbox ids and `event_sequence` are in the same order for each task.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from contracts.events.task import TEXT_LENGTH, TITLE_LENGTH, TaskStatus, WatchReason
from infra.outbox.table import outbox_set_aside_table, outbox_table, relay_lease_table

NAME_LENGTH = 100
EMAIL_LENGTH = 254

MEMBER = "member"
ADMINISTRATOR = "administrator"

FORMER_MEMBER = "a former member"
"""The name of everybody who was erased."""

ERASED_DOMAIN = "erased.invalid"
"""Where the addresses of those are who were erased: nowhere (RFC 6761, section 6.4)."""


def _among(column: str, words: list[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"


class Tables(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "fk": "%(table_name)s_%(column_0_name)s_fkey",
            "ck": "%(table_name)s_%(constraint_name)s_check",
        }
    )


class User(Tables):
    """Of somebody who was erased the id stays, since tasks and comments refer to it, and that they are erased."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(f"char_length(name) BETWEEN 1 AND {NAME_LENGTH}", name="name"),
        CheckConstraint(f"char_length(email) BETWEEN 3 AND {EMAIL_LENGTH}", name="email"),
        CheckConstraint(_among("role", [MEMBER, ADMINISTRATOR]), name="role"),
        # Logging in, and registering: one person for an address, however it is capitalised.
        Index("users_email", func.lower(text("email")), unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Session(Tables):
    """A person's stay, from logging in to logging out, on one device.

    `refresh_hash` is SHA-256 of its cookie's token, `previous_hash` that of the token before, which with
    `successor_salt` gives the present one again. `family_hash` is null until the first token was replaced.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        # The code of before finds the session of a cookie.
        Index("sessions_refresh_hash", "refresh_hash", unique=True),
        # Refreshing finds the session of a cookie, even of one that was replaced.
        Index("sessions_family", func.coalesce(text("family_hash"), text("refresh_hash")), unique=True),
        # Changing the password ends the person's others, logging in removes those that are over.
        Index("sessions_user_id", "user_id"),
        # Those that are over are removed, oldest first.
        Index("sessions_over", func.coalesce(text("ended_at"), text("expires_at"))),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    refresh_hash: Mapped[bytes] = mapped_column(LargeBinary)
    family_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    successor_salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    rotated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


def is_of_family(family_hash: bytes) -> ColumnElement[bool]:
    """Say of a session that its cookie has, or had, a token of this family."""
    return func.coalesce(Session.family_hash, Session.refresh_hash) == family_hash


def over_at() -> ColumnElement[datetime]:
    """Give when a session was ended, or else expires."""
    return func.coalesce(Session.ended_at, Session.expires_at)


class LoginAttempt(Tables):
    """A password that was tried and was wrong, or has not been judged yet; one that was right leaves nothing.

    `account` and `address` are SHA-256: what is typed into a login form may be anything.
    """

    __tablename__ = "login_attempts"
    __table_args__ = (
        # The newest attempts of one account, and those of one address, are counted before each new one.
        Index("login_attempts_account", "account", "attempted_at"),
        Index("login_attempts_address", "address", "attempted_at"),
        # Those that nobody looks back to any more are removed, oldest first.
        Index("login_attempts_oldest", "attempted_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[bytes] = mapped_column(LargeBinary)
    address: Mapped[bytes] = mapped_column(LargeBinary)
    attempted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Task(Tables):
    """`version` moves with the task's own fields, `event_sequence` with every event of the task."""

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint(f"char_length(title) BETWEEN 1 AND {TITLE_LENGTH}", name="title"),
        CheckConstraint(f"char_length(description) <= {TEXT_LENGTH}", name="description"),
        CheckConstraint(_among("status", list(TaskStatus)), name="status"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("event_sequence >= 1", name="event_sequence"),
        # The list of tasks, newest first: of all, of one status, of one assignee (whose few rows are then filtered).
        Index("tasks_newest", "created_at", "id"),
        Index("tasks_status_newest", "status", "created_at", "id"),
        Index("tasks_assignee_newest", "assignee_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    creator_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(Integer)
    event_sequence: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Comment(Tables):
    __tablename__ = "comments"
    __table_args__ = (
        CheckConstraint(f"char_length(body) BETWEEN 1 AND {TEXT_LENGTH}", name="body"),
        # The comments of a task, oldest first; deleting a task finds its comments.
        Index("comments_task_oldest", "task_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Watcher(Tables):
    """Who watches a task and why. The row of somebody who stopped stays, since it keeps them out."""

    __tablename__ = "watchers"
    __table_args__ = (
        CheckConstraint(
            f"cardinality(reasons) >= 1 AND reasons <@ ARRAY[{', '.join(repr(str(r)) for r in WatchReason)}]",
            name="reasons",
        ),
    )

    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    stopped: Mapped[bool]


class Export(Tables):
    """What a person asked to be given of all that is held about them; the parts go when it expires."""

    __tablename__ = "exports"
    __table_args__ = (
        # The exports of a person, the newest first.
        Index("exports_user", "user_id", "requested_at"),
        # Those whose parts are to go, oldest first.
        Index("exports_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ExportPart(Tables):
    """One of `parts` answers of a service, as JSON; `sections` as `export_text` says, null from older code."""

    __tablename__ = "export_parts"

    export_id: Mapped[UUID] = mapped_column(ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True)
    service: Mapped[str] = mapped_column(Text, primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True)
    parts: Mapped[int] = mapped_column(Integer)
    document: Mapped[str] = mapped_column(Text)
    sections: Mapped[list[Any] | None] = mapped_column(JSONB)


class Erasure(Tables):
    """The receipt of an erasure; whoever knows its id may read it, so the id is random."""

    __tablename__ = "erasures"
    # Those that are too old to be kept, oldest first.
    __table_args__ = (Index("erasures_requested_at", "requested_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ErasureService(Tables):
    """What one service has answered: what it has removed, `{what, count}`, and what goes later, `{what, gone_by}`."""

    __tablename__ = "erasure_services"

    erasure_id: Mapped[UUID] = mapped_column(ForeignKey("erasures.id", ondelete="CASCADE"), primary_key=True)
    service: Mapped[str] = mapped_column(Text, primary_key=True)
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    removed: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    pending: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


outbox = outbox_table(Tables.metadata)
outbox_set_aside = outbox_set_aside_table(Tables.metadata)
relay_lease = relay_lease_table(Tables.metadata)


class TaskWithPeople(NamedTuple):
    """A task and those whom it names."""

    task: Task
    creator: User
    assignee: User | None


class CommentWithAuthor(NamedTuple):
    comment: Comment
    author: User


class Receipt(NamedTuple):
    """The receipt of an erasure, by the names of the services."""

    erasure: Erasure
    services: Sequence[ErasureService]
