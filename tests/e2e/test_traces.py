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

QUIET_SECONDS = 2.5
"""Longer than an exporter waits for more."""

POLL_SECONDS = 0.1


def tree(spans: list[Span], parent_id: str = "") -> list[Any]:
    """Give the spans below one as who did what, with what is below each; sorted, and the same twice told once."""
    below: list[Any] = []
    for span in children(spans, parent_id):
        one = (span.process, span.kind, span.name, tree(spans, span.span_id))
        if one not in below:
            below.append(one)
    return sorted(below)


def pushes(collector: Collector) -> list[Span]:
    """Give the pushes that come of the worker's events."""
    applied = {span.span_id for span in collector.spans if span.process == "worker"}
    return [span for span in collector.spans if span.process == "ws-gateway" and span.parent_id in applied]


def pushes_so_far(collector: Collector) -> int:
    """Wait until nothing comes any more of what others have done, and count."""
    count, quiet_since = -1, time.monotonic()
    while time.monotonic() - quiet_since < QUIET_SECONDS:
        if count != len(collector.spans):
            count, quiet_since = len(collector.spans), time.monotonic()
        time.sleep(POLL_SECONDS)
    return len(pushes(collector))


def pushes_since(collector: Collector, before: int, count: int) -> list[Span]:
    """Wait for so many more."""
    collector.until(lambda seen: len(pushes(seen)) >= before + count, f"{count} pushes")
    return pushes(collector)[before:]


def lines_of(system: System, trace_id: str) -> dict[str, list[dict[str, Any]]]:
    """Give the log lines of a trace, by the process that wrote them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for log in sorted((system.home / "logs").glob("*.log")):
        for line in log.read_text().splitlines():
            if trace_id in line:
                content = json.loads(line)
                found.setdefault(content["process"], []).append(content)
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
    before = await asyncio.to_thread(pushes_so_far, collector)
    async with john.window() as window:
        await ann.create_task("Look at the trace", assignee_id=john.id)
        await window.until(lambda seen: seen.unread_count == 1, "the assignment")

    (pushed,) = await asyncio.to_thread(pushes_since, collector, before, 1)
    spans = await all_of(
        collector,
        pushed.trace_id,
        [
            "POST /api/tasks",
            *("publish taskify.task.created.v1", "apply taskify.task.created.v1"),
            *("publish taskify.task.assigned.v1", "apply taskify.task.assigned.v1"),
            *("publish taskify.delivery.v1", "push taskify.delivery.v1"),
        ],
    )

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
    await asyncio.to_thread(pushes_so_far, collector)
    before = set(collector.spans)
    await ann.create_task("Read the trace", assignee_id=john.id)
    async with john.window() as window:
        await window.until(lambda seen: seen.unread_count == 1, "the assignment")
        await john.mark_read(*(item["id"] for item in window.unread))
        await window.until(lambda seen: seen.unread_count == 0, "that it is read")

    def markings(seen: Collector) -> list[Span]:
        return [span for span in seen.spans if span.name == "POST /api/notifications/read" and span not in before]

    await asyncio.to_thread(collector.until, lambda seen: bool(markings(seen)), "marking")
    (marking,) = markings(collector)
    spans = await all_of(
        collector, marking.trace_id, [marking.name, "publish taskify.delivery.v1", "push taskify.delivery.v1"]
    )

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
    before = await asyncio.to_thread(pushes_so_far, collector)
    async with john.window() as window:
        task = await ann.create_task("Look at the log", assignee_id=john.id)
        await ann.comment(task["id"], "Here")
        await window.until(lambda seen: seen.unread_count == 2, "both")

    for pushed in await asyncio.to_thread(pushes_since, collector, before, 2):
        lines = lines_of(watched_system, pushed.trace_id)
        assert {process: {line["event"] for line in of_it} for process, of_it in lines.items()} == {
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
    before = await asyncio.to_thread(pushes_so_far, collector)
    async with john.window() as window:
        task = await ann.create_task("Say nothing of it", assignee_id=john.id)
        await ann.call("GET", f"/api/tasks/{task['id']}?of={ann.email}")
        await http.get(f"{watched_system.addresses.api}/api/{john.email}/{john.id}")
        await window.until(lambda seen: seen.unread_count == 1, "the assignment")
    await asyncio.to_thread(pushes_since, collector, before, 1)
    await all_of_name(collector, "GET other")

    for span in collector.spans:
        assert span.attributes.keys() <= HELD | {"error.type"}, span
    sent = b"".join(collector.bodies).decode(errors="replace")
    for word in (ann.id, john.id, task["id"], ann.email, john.email, ann.token, task["title"]):
        assert word not in sent


async def all_of_name(collector: Collector, name: str) -> None:
    await asyncio.to_thread(collector.until, lambda seen: any(span.name == name for span in seen.spans), name)
