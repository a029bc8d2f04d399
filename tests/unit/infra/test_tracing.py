"""Spans: the whole tree of one change, in memory; and what becomes of them when nobody wants or takes them."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import structlog
from fastapi import FastAPI
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from uuid_utils.compat import uuid7

from contracts.events import AnyEvent, parse_event
from contracts.events.task import Person, TaskDeleted, TaskDeletedData, TaskReference
from contracts.socket.frames import Resync
from infra.http.request_tracing import TracedRequests
from infra.outbox.message import OutboxMessage, event_message
from infra.outbox.store import OutboxRow
from infra.outbox.tracing import trace_of, trace_published
from infra.telemetry import tracing
from infra.telemetry.spans import ExportedSpans, ToldExporter
from infra.telemetry.traceparent import current_trace_id, trace_id_of, traceparent_of_event, valid_traceparent
from infra.telemetry.tracing import Kind
from notification_worker.commands.delivery_messages import delivery_messages, personal_frame
from notification_worker.consumers.batcher import leaving_nothing
from notification_worker.tracing import traced
from ws_gateway.consumers.feed import StreamMessage
from ws_gateway.consumers.messages import Applier
from ws_gateway.hub.directory import Directory
from ws_gateway.hub.ended_sessions import EndedSessions

ROOT = Path(__file__).parents[3]
JOHN = uuid4()


class Socket:
    """A window that only counts."""

    def __init__(self) -> None:
        self.frames = 0

    def push(self, seq: int, frame: bytes, age: float | None) -> None:
        assert (seq, bool(frame), age) == (1, True, None)
        self.frames += 1

    def end_session(self) -> None: ...

    def resync(self) -> None: ...


def deleted() -> AnyEvent:
    person = Person(id=uuid4(), name="Ann")
    data = TaskDeletedData(actor=person, task=TaskReference(id=uuid4(), title="Fix login bug"))
    return TaskDeleted(id=str(uuid7()), source="/task-service", time=datetime.now(UTC), data=data)


def row(message: OutboxMessage) -> OutboxRow:
    return OutboxRow(
        1,
        message.message_id,
        message.type,
        message.content_type,
        message.routing_key,
        message.order_key,
        message.body,
        attempts=0,
        age_seconds=0.02,
    )


async def request(fail: str = "") -> OutboxMessage:
    """Send a request to an API that writes an event."""
    app = FastAPI()
    written: list[OutboxMessage] = []

    @app.delete("/api/tasks/{task_id}")
    async def delete(task_id: UUID) -> str:
        written.append(event_message(deleted(), "task.deleted.0"))
        if fail:
            raise RuntimeError(f"{fail} {task_id}")
        return str(current_trace_id())

    transport = httpx.ASGITransport(TracedRequests(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        answer = await client.delete(f"/api/tasks/{uuid4()}", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    (message,) = written
    assert answer.is_success is not bool(fail)
    if not fail:
        assert answer.json() == trace_id_of(json.loads(message.body)["traceparent"])
    return message


async def apply(messages: Sequence[OutboxMessage], broken: int = -1) -> list[OutboxMessage]:
    """Apply events in one batch, each of which tells John."""
    told: list[OutboxMessage] = []

    async def write(events: Sequence[AnyEvent]) -> None:
        if broken >= 0:
            raise ValueError("the text of an error")
        frames = [personal_frame(JOHN, 1, Resync(), traceparent_of_event(event.id)) for event in events]
        told.extend(delivery_messages(frames))

    await traced(leaving_nothing(write))([parse_event(message.body.encode()) for message in messages])
    return told


def push(message: OutboxMessage, windows: int) -> None:
    """Let a gateway read a delivery, with some windows of John."""
    directory = Directory(EndedSessions(60), 10)
    for _ in range(windows):
        directory.join(Socket(), JOHN, uuid4())
    Applier(directory).apply(StreamMessage(7, message.type, message.body.encode(), 1, message.message_id))


@pytest.fixture
def memory() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    with tracing.spans_to(ExportedSpans("test", SimpleSpanProcessor(exporter), 1)):
        yield exporter


def tree(spans: Sequence[ReadableSpan], parent: int | None = None) -> dict[str, object]:
    return {
        span.name: tree(spans, span.context.span_id)
        for span in spans
        if span.context is not None and (None if span.parent is None else span.parent.span_id) == parent
    }


async def test_one_change_is_one_tree_from_the_request_to_the_sockets(memory: InMemorySpanExporter) -> None:
    event = await request()
    trace_published(row(event), "domain.events", 0.004)
    (delivery,) = await apply([event])
    trace_published(row(delivery), "notification.deliveries", 0.003)
    push(delivery, windows=2)

    spans = memory.get_finished_spans()
    assert tree(spans) == {
        "DELETE /api/tasks/{task_id}": {
            "publish taskify.task.deleted.v1": {},
            "apply taskify.task.deleted.v1": {
                "publish taskify.delivery.v1": {},
                "push taskify.delivery.v1": {},
            },
        }
    }
    assert len({span.context.trace_id for span in spans if span.context is not None}) == 1
    (pushed,) = [span for span in spans if span.name.startswith("push")]
    assert pushed.attributes is not None
    assert pushed.attributes["taskify.push.windows"] == 2


async def test_a_batch_of_several_changes_gives_each_its_own_tree(memory: InMemorySpanExporter) -> None:
    events = [await request() for _ in range(3)]
    (delivery,) = await apply(events)
    trace_published(row(delivery), "notification.deliveries", 0.003)
    push(delivery, windows=1)

    spans = memory.get_finished_spans()
    trees = [
        tree([span for span in spans if span.context is not None and span.context.trace_id == trace_id])
        for trace_id in {span.context.trace_id for span in spans if span.context is not None}
    ]
    assert (
        trees
        == [
            {
                "DELETE /api/tasks/{task_id}": {
                    "apply taskify.task.deleted.v1": {"publish taskify.delivery.v1": {}, "push taskify.delivery.v1": {}}
                }
            }
        ]
        * 3
    )


async def test_a_gateway_without_a_window_for_it_tells_nothing(memory: InMemorySpanExporter) -> None:
    (delivery,) = await apply([await request()])
    before = len(memory.get_finished_spans())
    push(delivery, windows=0)

    assert len(memory.get_finished_spans()) == before


async def test_a_clients_own_trace_is_not_followed(memory: InMemorySpanExporter) -> None:
    message = await request()

    assert "a" * 32 not in message.body
    (span,) = memory.get_finished_spans()
    assert span.parent is None


async def test_what_fails_is_marked_by_its_kind_and_its_text_is_nowhere(memory: InMemorySpanExporter) -> None:
    event = await request(fail="a secret")
    with pytest.raises(ValueError, match="the text of an error"):
        await apply([event], broken=0)

    spans = memory.get_finished_spans()
    assert [(span.attributes or {}).get("error.type") for span in spans] == ["500", "ValueError"]
    assert all(not span.status.is_ok and not span.events for span in spans)
    everything = "".join(span.to_json() for span in spans)
    assert "secret" not in everything
    assert "the text" not in everything


async def test_an_event_that_brings_no_trace_begins_one(memory: InMemorySpanExporter) -> None:
    (delivery,) = await apply([event_message(deleted(), "task.deleted.0")])
    push(delivery, windows=1)

    assert tree(memory.get_finished_spans()) == {"apply taskify.task.deleted.v1": {"push taskify.delivery.v1": {}}}


async def test_what_is_not_sampled_is_recorded_nowhere_but_keeps_its_id() -> None:
    exporter = InMemorySpanExporter()
    with tracing.spans_to(ExportedSpans("test", SimpleSpanProcessor(exporter), 0)):
        event = await request()
        trace_published(row(event), "domain.events", 0.004)
        (delivery,) = await apply([event])
        push(delivery, windows=1)

    assert exporter.get_finished_spans() == ()
    assert valid_traceparent(json.loads(event.body)["traceparent"])
    assert "traceparent" not in delivery.body


async def test_without_traces_an_event_has_an_id_of_its_request_and_a_frame_has_none() -> None:
    event = await request()
    (delivery,) = await apply([event])

    assert valid_traceparent(json.loads(event.body)["traceparent"])
    assert "traceparent" not in delivery.body
    with trace_of(row(event)):
        assert current_trace_id() == trace_id_of(json.loads(event.body)["traceparent"])


def test_without_traces_nothing_of_the_sdk_is_imported() -> None:
    code = (
        "import sys; from infra.settings import Settings; from infra.telemetry.process import configure_telemetry;"
        "import task_service.app, notification_worker.app, ws_gateway.app;"
        "configure_telemetry('test', Settings(_env_file=None));"
        "sys.exit(any(name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter', 'google.protobuf', 'requests'))"
        " for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={"TASKIFY_HOME": "/nonexistent"}, check=True)


class Away(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        assert spans
        return SpanExportResult.FAILURE


def test_a_collector_that_is_away_is_told_of_once_a_minute() -> None:
    now = [1_000.0]
    exporter = ToldExporter(Away(), "worker", lambda: now[0])
    spans = ExportedSpans("worker", SimpleSpanProcessor(exporter), 1)

    with structlog.testing.capture_logs() as lines:
        for _ in range(120):
            spans.begin("one", Kind.SERVER, None).end({})
            now[0] += 1
    told = [(line["event"], line["process"], line["spans"]) for line in lines]
    assert told == [("traces_lost", "worker", 1), ("traces_lost", "worker", 60)]


async def test_a_collector_that_takes_and_never_answers_does_not_hold_up_the_stop() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with tracing.spans_to(ExportedSpans.to_collector("test", endpoint, 1)):
            began_at = time.monotonic()
            for _ in range(600):
                span = tracing.begin("one", Kind.SERVER)
                assert span is not None
                span.end({})
            await asyncio.to_thread(tracing.stop)
            assert time.monotonic() - began_at < tracing.STOP_SECONDS + 20
            assert not tracing.is_watched()
