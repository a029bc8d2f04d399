"""What makes at-least-once delivery exactly once in effect: each event that a consumer has applied, kept with it."""

from sqlalchemy import Column, DateTime, Index, MetaData, Table, Text, func


def processed_events_table(metadata: MetaData) -> Table:
    """The events that were applied; a row is inserted in the transaction that has the event's effects.

    An event is named by its source and its id (CloudEvents 1.0: together they are unique). The consumer is part of the
    key, so that two consumers in one database do not take each other's events for done.

    Whoever has this table also removes what is too old to come again; `processed_events_oldest` serves that.
    """
    return Table(
        "processed_events",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("source", Text, primary_key=True),
        Column("event_id", Text, primary_key=True),
        Column("processed_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
        Index("processed_events_oldest", "processed_at"),
    )
