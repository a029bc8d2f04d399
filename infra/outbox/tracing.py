"""What a relay tells of the traces that its rows belong to. It looks into a row for this alone, and changes nothing."""

from contextlib import AbstractContextManager

from infra.outbox.store import OutboxRow
from infra.telemetry import tracing
from infra.telemetry.logging import get_logger
from infra.telemetry.traceparent import trace_id_of, traceparent_in, traceparents_in, under
from infra.telemetry.tracing import Kind

log = get_logger("outbox.relay")


def trace_published(row: OutboxRow, exchange: str, seconds: float) -> None:
    """Make a span of a row that the broker has just confirmed, below each span that has put something into it."""
    if not tracing.is_watched():
        return
    traceparents = traceparents_in(row.body)
    log.debug("row_published", row_id=row.id, type=row.type, trace_ids=[trace_id_of(one) for one in traceparents])
    attributes: tracing.Attributes = {
        "messaging.system": "rabbitmq",
        "messaging.operation.type": "send",
        "messaging.destination.name": exchange,
        "messaging.message.id": row.message_id,
        "taskify.outbox.waited_seconds": round(row.age_seconds, 4),
    }
    tracing.record(f"publish {row.type}", Kind.PRODUCER, traceparents, seconds, attributes)


def trace_of(row: OutboxRow) -> AbstractContextManager[None]:
    """Let what is logged in a block belong to the first trace that has put something into a row."""
    return under(traceparent_in(row.body))
