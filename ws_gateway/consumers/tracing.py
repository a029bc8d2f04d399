"""What a gateway tells of the traces whose frames it pushes."""

from collections import Counter
from collections.abc import Sequence

import orjson

from infra.telemetry import tracing
from infra.telemetry.logging import get_logger
from infra.telemetry.traceparent import trace_id_of, valid_traceparent
from infra.telemetry.tracing import Kind
from ws_gateway.consumers.feed import StreamMessage

log = get_logger("pushes")


def trace_pushed(message: StreamMessage, pushed: Sequence[int], seconds: float) -> None:
    """Make a span for each trace of a delivery whose frames were just written to sockets.

    `pushed` says to how many windows each of its frames went. Where nobody of a trace has a window, there is nothing to
    tell: most gateways read most deliveries in vain.
    """
    if not tracing.is_watched() or not any(pushed):
        return
    windows: Counter[str | None] = Counter()
    for frame, count in zip(orjson.loads(message.body)["frames"], pushed, strict=True):
        windows[valid_traceparent(frame.get("traceparent"))] += count
    for traceparent, count in windows.items():
        if count:
            log.debug("frames_pushed", offset=message.offset, windows=count, trace_id=trace_id_of(traceparent))
        if count and traceparent is not None:
            attributes: tracing.Attributes = {
                "messaging.system": "rabbitmq",
                "messaging.operation.type": "process",
                "messaging.message.id": message.message_id,
                "taskify.push.windows": count,
            }
            tracing.record(f"push {message.type}", Kind.CONSUMER, (traceparent,), seconds, attributes)
