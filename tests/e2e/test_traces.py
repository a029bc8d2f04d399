"""One change as one trace, from the request to the socket, as the six processes really send it."""

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from tests.support.collector import Collector, Span
from tests.support.people import Person
from tests.support.system import System
from tests.support.trace_tree import children

pytestmark = pytest.mark.e2e

HELD = {
    *("http.request.method", "http.route", "http.response.status_code"),
    *("messaging.system", "messaging.operation.type", "messaging.destination.name", "messaging.message.id"),
    *("messaging.batch.message_count", "taskify.outbox.waited_seconds", "taskify.push.windows"),
}
"""All that a span of ours holds, besides `error.type`."""

DEADLINE_SECONDS = 120
POLL_SECONDS = 0.1
PROCESSES_OF_A_CHANGE = 5

ASSIGNED = (
    *("publish taskify.task.created.v1", "apply taskify.task.created.v1"),
    *("publish taskify.task.assigned.v1", "apply taskify.task.assigned.v1"),
    *("publish taskify.delivery.v1", "push taskify.delivery.v1"),
)
"""What happens besides the request when a task is created for somebody with a window."""


def tree(spans: list[Span], parent_id: str = "") -> list[Any]:
    """Give the spans below one as who did what, with what is below each; sorted, and the same twice told once."""
    below: list[Any] = []
    for span in children(spans, parent_id):
        one = (span.process, span.kind, span.name, tree(spans, span.span_id))
        if one not in below:
            below.append(one)
    return sorted(below)


async def trace_of(collector: Collector, request: str, asked_at: float) -> str:
    """Wait for the span of a request that was made since a moment, and give its trace; others make none meanwhile."""

    def found(seen: Collector) -> list[Span]:
        return [span for span in seen.spans if span.name == request and span.began >= asked_at]

    await asyncio.to_thread(collector.until, lambda seen: bool(found(seen)), request)
    (span,) = found(collector)
    return span.trace_id


async def all_lines_of(system: System, trace_id: str) -> dict[str, set[str]]:
    """Give what each process tells of a trace, once all have told of it: a line may come after what it tells of."""
    told: dict[str, set[str]] = {}
    async with asyncio.timeout(DEADLINE_SECONDS):
        while len(told := lines_of(system, trace_id)) < PROCESSES_OF_A_CHANGE:
            await asyncio.sleep(POLL_SECONDS)
    return told


def lines_of(system: System, trace_id: str) -> dict[str, set[str]]:
    """Give the log lines of a trace, by the process that wrote them."""
    found: dict[str, set[str]] = {}
    for log in sorted((system.home / "logs").glob("*.log")):
        # The last line may be half written.
        for line in log.read_text().splitlines(keepends=True):
            if trace_id in line and line.endswith("\n"):
                content = json.loads(line)
                found.setdefault(content["process"], set()).add(content["event"])
    return found


async def register(system: System, http: httpx.AsyncClient, *names: str) -> list[Person]:
    return [await Person.register(http, system.addresses, name) for name in names]


async def all_of(collector: Collector, trace_id: str, names: Iterable[str]) -> list[Span]:
    wanted = set(names)
    await asyncio.to_thread(
        collector.until, lambda seen: wanted <= {span.name for span in seen.of_trace(trace_id)}, str(wanted)
    )
    return collector.of_trace(trace_id)


async def test_one_change_is_one_trace_from_the_request_to_the_socket(
    watched_system: System, collector: Collector, http: httpx.AsyncClient
) -> None:
    ann, john = await register(watched_system, http, "Ann", "John")
    asked_at = time.time()
    async with john.window() as window:
        await ann.create_task("Look at the trace", assignee_id=john.id)
        await window.until(lambda seen: seen.unread_count == 1, "the assignment")

    spans = await all_of(collector, await trace_of(collector, "POST /api/tasks", asked_at), ASSIGNED)

    (root,) = tree(spans)
    assert root[:3] == ("task-api", "SERVER", "POST /api/tasks")
    assert root[3] == [
        ("task-relay", "PRODUCER", "publish taskify.task.assigned.v1", []),
        ("task-relay", "PRODUCER", "publish taskify.task.created.v1", []),
        (
            "worker",
            "CONSUMER",
            "apply taskify.task.assigned.v1",
            [
                ("notification-relay", "PRODUCER", "publish taskify.delivery.v1", []),
                ("ws-gateway", "CONSUMER", "push taskify.delivery.v1", []),
            ],
        ),
        ("worker", "CONSUMER", "apply taskify.task.created.v1", []),
    ]
    assert not any(span.failed for span in spans)
    assert all(span.ended >= span.began for span in spans)


async def test_marking_as_read_is_one_trace_up_to_the_other_window(
    watched_system: System, collector: Collector, http: httpx.AsyncClient
) -> None:
    ann, john = await register(watched_system, http, "Ann", "John")
    asked_at = time.time()
    await ann.create_task("Read the trace", assignee_id=john.id)
    async with john.window() as window:
        await window.until(lambda seen: seen.unread_count == 1, "the assignment")
        await john.mark_read(*(item["id"] for item in window.unread))
        await window.until(lambda seen: seen.unread_count == 0, "that it is read")

    marking = await trace_of(collector, "POST /api/notifications/read", asked_at)
    spans = await all_of(collector, marking, ["publish taskify.delivery.v1", "push taskify.delivery.v1"])

    assert sorted((span.process, span.name) for span in spans) == [
        ("notification-api", "POST /api/notifications/read"),
        ("notification-relay", "publish taskify.delivery.v1"),
        ("ws-gateway", "push taskify.delivery.v1"),
    ]
    (root,) = tree(spans)
    assert {name for _, _, name, _ in root[3]} == {"publish taskify.delivery.v1", "push taskify.delivery.v1"}


async def test_the_log_lines_of_one_change_are_found_by_its_trace(
    watched_system: System, collector: Collector, http: httpx.AsyncClient
) -> None:
    ann, john = await register(watched_system, http, "Ann", "John")
    asked_at = time.time()
    async with john.window() as window:
        task = await ann.create_task("Look at the log", assignee_id=john.id)
        await ann.comment(task["id"], "Here")
        await window.until(lambda seen: seen.unread_count == 2, "both")

    for request in ("POST /api/tasks", "POST /api/tasks/{task_id}/comments"):
        trace = await trace_of(collector, request, asked_at)
        assert await all_lines_of(watched_system, trace) == {
            "task-api": {"request_answered"},
            "task-relay": {"row_published"},
            "worker": {"event_applied"},
            "notification-relay": {"row_published"},
            "ws-gateway": {"frames_pushed"},
        }


async def test_spans_hold_nothing_but_what_is_listed_and_no_id_of_a_person_or_a_task(
    watched_system: System, collector: Collector, http: httpx.AsyncClient
) -> None:
    ann, john = await register(watched_system, http, "Ann", "John")
    asked_at = time.time()
    async with john.window() as window:
        task = await ann.create_task("Say nothing of it", assignee_id=john.id)
        await ann.call("GET", f"/api/tasks/{task['id']}?of={ann.email}")
        await http.get(f"{watched_system.addresses.api}/api/{john.email}/{john.id}")
        await window.until(lambda seen: seen.unread_count == 1, "the assignment")
    await all_of(collector, await trace_of(collector, "POST /api/tasks", asked_at), ASSIGNED)
    for request in ("GET /api/tasks/{task_id}", "GET other"):
        await trace_of(collector, request, asked_at)

    for span in collector.spans:
        assert span.attributes.keys() <= HELD | {"error.type"}, span
    sent = b"".join(collector.bodies).decode(errors="replace")
    for word in (ann.id, john.id, task["id"], ann.email, john.email, ann.token, task["title"]):
        assert word not in sent
