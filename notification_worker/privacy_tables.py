"""What is left to do of erasures and exports that people have asked for."""

from sqlalchemy import BigInteger, Column, DateTime, Index, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB


def privacy_tables(metadata: MetaData) -> tuple[Table, Table, Table]:
    """Give erasures, the paddings of streams, and requests for exports."""
    return erasures_table(metadata), stream_paddings_table(metadata), export_requests_table(metadata)


def erasures_table(metadata: MetaData) -> Table:
    """Erasures that are not finished, by the event that asked for each, with what was removed so far, by its kind.

    `last_outbox_id` is set when the tables hold no name any more: no later delivery has one. The moments tell how far
    it is from there: `swept_at` when the dead letters had been looked through, `sent_at` when all deliveries up to
    there had left, `closed_at` when no segment of the stream that holds one is written to any more, `gone_at` when
    these segments were gone.
    """
    return Table(
        "erasures",
        metadata,
        Column("event_source", Text, primary_key=True),
        Column("event_id", Text, primary_key=True),
        Column("user_id", Uuid, nullable=False),
        Column("erasure_id", Uuid),
        Column("begun_at", DateTime(timezone=True), nullable=False),
        Column("removed", JSONB, nullable=False),
        Column("last_outbox_id", BigInteger),
        Column("swept_at", DateTime(timezone=True)),
        Column("sent_at", DateTime(timezone=True)),
        Column("closed_at", DateTime(timezone=True)),
        Column("gone_at", DateTime(timezone=True)),
    )


def stream_paddings_table(metadata: MetaData) -> Table:
    """How far the latest padding of a stream is; each serves every erasure that waited when it began."""
    return Table(
        "stream_paddings",
        metadata,
        Column("stream", Text, primary_key=True),
        Column("began_at", DateTime(timezone=True), nullable=False),
        Column("bytes", BigInteger, nullable=False),
        Column("finished_at", DateTime(timezone=True)),
    )


def export_requests_table(metadata: MetaData) -> Table:
    """Exports that are asked for and not answered yet."""
    return Table(
        "export_requests",
        metadata,
        Column("event_source", Text, primary_key=True),
        Column("event_id", Text, primary_key=True),
        Column("user_id", Uuid, nullable=False),
        Column("export_id", Uuid, nullable=False),
        Column("requested_at", DateTime(timezone=True), nullable=False),
        Index("export_requests_by_user", "user_id"),
    )
