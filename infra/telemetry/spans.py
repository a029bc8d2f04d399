"""Spans by the OpenTelemetry SDK, sent by OTLP over HTTP as protobuf.

Sources: OpenTelemetry specification, "Trace SDK"; OTLP 1.x, "OTLP/HTTP". What has no setting of ours can be set by the
standard's own variables, which the exporter reads by itself: `OTEL_EXPORTER_OTLP_HEADERS`, `…_CERTIFICATE`,
`…_COMPRESSION`.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Self

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from infra.telemetry.logging import get_logger
from infra.telemetry.tracing import Attributes, Kind

QUEUED_SPANS = 4_096
"""In memory, for whatever time the collector takes; beyond it the oldest are dropped."""

SPANS_A_REQUEST = 512
DELAY_SECONDS = 1.0
EXPORT_SECONDS = 5.0
"""A request to the collector, with all its tries."""

TOLD_SECONDS = 60.0
"""A collector may be away for days: the log says it at once, and after that no more often than this."""

log = get_logger("traces")


class ExportedSpans:
    """Makes spans of one process, and hands those that are sampled to a processor of the SDK."""

    def __init__(self, process: str, processor: SpanProcessor, sampled: float) -> None:
        self._provider = TracerProvider(
            # Whoever begins a trace decides, and all others follow.
            sampler=ParentBased(TraceIdRatioBased(sampled)),
            # `Resource.create` would add what it finds on the machine.
            resource=Resource({"service.name": process, "service.namespace": "taskify"}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("taskify")

    @classmethod
    def to_collector(cls, process: str, endpoint: str, sampled: float) -> Self:
        """Send to a collector from a thread of its own, which begins here."""
        # The SDK would tell of each request that fails; `ToldExporter` does so for all of them.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
        session = requests.Session()
        session.trust_env = False
        exporter = OTLPSpanExporter(
            endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS, session=session
        )
        processor = BatchSpanProcessor(
            ToldExporter(exporter, process),
            max_queue_size=QUEUED_SPANS,
            schedule_delay_millis=DELAY_SECONDS * 1_000,
            max_export_batch_size=SPANS_A_REQUEST,
        )
        return cls(process, processor, sampled)

    def begin(self, name: str, kind: Kind, parent: str | None, began_ns: int | None = None) -> "OpenedSpan":
        """Begin a span below another, or a trace."""
        context = None if parent is None else set_span_in_context(NonRecordingSpan(_context_of(parent)))
        return OpenedSpan(
            self._tracer.start_span(
                name,
                context=context,
                kind=SpanKind[kind.value],
                start_time=began_ns,
                record_exception=False,
                set_status_on_exception=False,
            )
        )

    def close(self) -> None:
        """Send what waits."""
        self._provider.shutdown()


class OpenedSpan:
    __slots__ = ("_span", "traceparent")

    def __init__(self, span: Span) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags & 1:02x}"

    def end(self, attributes: Attributes, *, name: str | None = None, error: str | None = None) -> None:
        """Finish it; `error` is a kind of error, never its text."""
        span = self._span
        if span.is_recording():
            span.set_attributes(attributes)
            if name is not None:
                span.update_name(name)
            if error is not None:
                span.set_attribute("error.type", error)
                span.set_status(Status(StatusCode.ERROR))
        span.end()


class ToldExporter(SpanExporter):
    """Tells of spans that could not be sent, all of a minute in one line."""

    def __init__(self, exporter: SpanExporter, process: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._exporter = exporter
        # The thread that exports knows nothing of the process: what is bound to log lines is bound to a context.
        self._process = process
        self._clock = clock
        self._lost = 0
        self._told_at: float | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send some spans."""
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._lost += len(spans)
            now = self._clock()
            if self._told_at is None or now - self._told_at >= TOLD_SECONDS:
                log.warning("traces_lost", process=self._process, spans=self._lost, reason="the collector took none")
                self._lost, self._told_at = 0, now
        return result

    def shutdown(self) -> None:
        """Let go of the connection."""
        self._exporter.shutdown()


def _context_of(traceparent: str) -> SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
