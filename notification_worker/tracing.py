"""What the worker tells of the traces that events belong to."""

from collections.abc import Sequence

from contracts.events import AnyEvent
from infra.telemetry import tracing
from infra.telemetry.logging import get_logger
from infra.telemetry.traceparent import events_under, harmless_id, trace_id_of, valid_traceparent
from infra.telemetry.tracing import Kind
from notification_worker.consumers.batcher import Apply

log = get_logger("events")


def traced(apply: Apply) -> Apply:
    """Give a function that applies a batch, with a span for each event in it, from its first try to its commit.

    An event that brings no trace with it begins one here.
    """

    async def applied(events: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
        parents = {event.id: valid_traceparent(event.traceparent) for event in events}
        if tracing.is_watched():
            return await _told(apply, events, parents)
        with events_under(parents):
            return await apply(events)

    return applied


async def _told(apply: Apply, events: Sequence[AnyEvent], parents: dict[str, str | None]) -> Sequence[AnyEvent]:
    spans = [tracing.begin(f"apply {event.type}", Kind.CONSUMER, parents[event.id]) for event in events]
    below = {event.id: span.traceparent for event, span in zip(events, spans, strict=True) if span is not None}
    failure: str | None = None
    put_off: set[int] = set()
    try:
        with events_under({**parents, **below}):
            left = await apply(events)
        put_off = {id(event) for event in left}
    except BaseException as error:
        failure = type(error).__name__
        raise
    finally:
        for event, span in zip(events, spans, strict=True):
            log.debug(
                "event_applied" if failure is None and id(event) not in put_off else "event_not_applied",
                event_id=harmless_id(event.id),
                type=event.type,
                error=failure,
                trace_id=trace_id_of(below.get(event.id) or parents[event.id]),
            )
            if span is not None:
                attributes: tracing.Attributes = {
                    "messaging.system": "rabbitmq",
                    "messaging.operation.type": "process",
                    "messaging.message.id": harmless_id(event.id) or "",
                    "messaging.batch.message_count": len(events),
                }
                span.end(attributes, error=failure)
    return left
