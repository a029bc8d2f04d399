"""The tables of an outbox, one set in each service's database; the migrations of the service create them."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)

AUTOVACUUM = {
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_vacuum_cost_delay": "0",
    "autovacuum_analyze_scale_factor": "0",
    "autovacuum_analyze_threshold": "5000",
}
"""Storage parameters of `outbox`: rows live for milliseconds, so the dead ones in front of the scan go often."""


def outbox_table(metadata: MetaData) -> Table:
    """What is to be published, oldest first; a confirmed row is deleted.

    `next_attempt_at` is set while a row that the broker refused waits for its next try; the partial index finds the
    messages that must wait behind it.
    """
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("message_id", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("content_type", Text, nullable=False),
        Column("routing_key", Text, nullable=False),
        Column("order_key", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
        Column("attempts", SmallInteger, nullable=False, server_default="0"),
        Column("next_attempt_at", DateTime(timezone=True)),
        Column("last_error", Text),
        Index("outbox_waiting", "order_key", "id", postgresql_where=text("next_attempt_at IS NOT NULL")),
    )


def outbox_set_aside_table(metadata: MetaData) -> Table:
    """Rows that the broker refused again and again, with the reason, for a person to look at."""
    return Table(
        "outbox_set_aside",
        metadata,
        Column("id", BigInteger, primary_key=True),
        Column("message_id", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("content_type", Text, nullable=False),
        Column("routing_key", Text, nullable=False),
        Column("order_key", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("attempts", SmallInteger, nullable=False),
        Column("reason", Text, nullable=False),
        Column("set_aside_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    )


def relay_lease_table(metadata: MetaData) -> Table:
    """Who leads the relay: one row, renewed by the leader, with its database session so that it can be ended."""
    return Table(
        "relay_lease",
        metadata,
        Column("name", Text, primary_key=True),
        Column("holder", Text, nullable=False),
        Column("backend_pid", Integer, nullable=False),
        Column("renewed_at", DateTime(timezone=True), nullable=False),
    )
