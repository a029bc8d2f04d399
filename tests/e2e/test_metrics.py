"""What all six processes show to Prometheus, as they really run: what the page says, and no word that is a person's."""

import asyncio
import json
import re
from pathlib import Path

import asyncpg
import httpx
import pytest

from infra.local.processes import PROCESSES
from tests.support.metrics import Scrape, scrape
from tests.support.people import Person
from tests.support.system import System, run_python

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "metrics.md"
APIS = ("task_service", "notification_worker")
DEADLINE_SECONDS = 180
POLL_SECONDS = 0.05

PARTS = {
    "task-api": ("Both APIs",),
    "notification-api": ("Both APIs",),
    "task-relay": ("Both relays", "Task relay"),
    "notification-relay": ("Both relays",),
    "worker": ("Worker",),
    "gateway": ("Gateway",),
}

ALLOWED = {
    "check": {"database", "tables", "keys", "broker", "relaying", "consuming", "key_set", "accepting"},
    "outcome": {"nacked", "unroutable", "forbidden", "applied", "duplicate", "dead_lettered"},
    "type": {"task_assigned", "status_changed", "comment_added", "digest", "other"},
    "reason": {
        *("not_an_envelope", "unknown_event_type", "invalid_event_data", "foreign_source"),
        *("unexpected_event_type", "not_applicable"),
        *("full", "too_many_unauthenticated", "too_many_of_address"),
    },
    "method": {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"},
    "status": {"1xx", "2xx", "3xx", "4xx", "5xx"},
    "code": {"none", "1009", "1012", "1013", "4002", "4400", "4401", "4408", "4409", "4429"},
    "route": {
        *("/health/live", "/health/ready", "/metrics", "/.well-known/jwks.json", "/config.json", "other"),
        *(
            path
            for api in APIS
            for path in json.loads((ROOT / "contracts" / "schemas" / "openapi" / f"{api}.json").read_text())["paths"]
        ),
    },
}

Described = dict[str, tuple[str, frozenset[str]]]
"""The kind and the labels of each metric."""


def described(part: str) -> Described:
    """Read the table of one part of the page."""
    (table,) = re.findall(rf"^## {part}$(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([`\w, ]*)\|", table, re.MULTILINE)
    return {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def shown(seen: Scrape) -> Described:
    return {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            frozenset(label for sample in family.samples for label in sample.labels) - {"le"},
        )
        for family in seen.families
    }


async def settled(system: System) -> None:
    """Wait until all that others have done before is done with, and counted."""
    await _relayed(system.environment["TASKIFY_TASK_DATABASE_URL"])
    drain = await run_python(
        *("notification_worker", "drain", "--seconds", str(DEADLINE_SECONDS)),
        environment={"TASKIFY_HOME": str(system.home)},
        terminal=asyncio.subprocess.DEVNULL,
    )
    assert await drain.wait() == 0
    await _relayed(system.environment["TASKIFY_NOTIFICATION_DATABASE_URL"])


async def _relayed(database_url: str) -> None:
    database = await asyncpg.connect(database_url)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await database.fetchval("SELECT count(*) FROM outbox"):
            await asyncio.sleep(POLL_SECONDS)
    await database.close()


async def scrapes(system: System) -> dict[str, Scrape]:
    return {
        process.name: await scrape(f"http://127.0.0.1:{system.environment[process.port_variable]}")
        for process in PROCESSES
    }


async def busy(system: System, ann: Person, john: Person, http: httpx.AsyncClient) -> None:
    """Let something happen at every hop, and let somebody ask for what there is not."""
    async with john.window() as window:
        task = await ann.create_task("Read the meters", assignee_id=john.id)
        await ann.comment(task["id"], "Now")
        await window.until(lambda seen: len(seen.unread) == 2, "both notifications")
        await window.prove()
    for address in (system.addresses.api, system.addresses.notifications):
        await http.get(f"{address}/{john.name}/{task['id']}?of={john.name}")
        await http.request("BREW", f"{address}/coffee")


async def test_each_process_shows_exactly_the_metrics_that_the_page_describes(
    system: System, ann: Person, john: Person, http: httpx.AsyncClient
) -> None:
    await busy(system, ann, john, http)

    for name, seen in (await scrapes(system)).items():
        expected = {each: told for part in ("Every process", *PARTS[name]) for each, told in described(part).items()}
        assert shown(seen) == expected, name


async def test_no_label_has_a_value_that_does_not_stand_in_the_code(
    system: System, ann: Person, john: Person, http: httpx.AsyncClient
) -> None:
    await busy(system, ann, john, http)

    for name, seen in (await scrapes(system)).items():
        for label, values in seen.labels().items():
            assert values <= ALLOWED[label], (name, label)
        for word in (ann.name, john.name, ann.id, john.id):
            assert word not in seen.text


async def test_one_change_is_counted_at_every_hop(
    system: System, ann: Person, john: Person, http: httpx.AsyncClient
) -> None:
    await settled(system)
    before = await scrapes(system)
    await busy(system, ann, john, http)
    # A window may have a frame before all who passed it on have counted it.
    await settled(system)
    after = await scrapes(system)

    def more(process: str, name: str, **labels: str) -> float:
        return (after[process].value(name, **labels) or 0) - (before[process].value(name, **labels) or 0)

    created = {"route": "/api/tasks", "method": "POST"}
    assert more("task-api", "taskify_http_requests_total", **created, status="2xx") == 1
    assert more("task-api", "taskify_http_request_seconds_count", **created) == 1
    assert more("task-relay", "taskify_relay_published_total") >= 3
    assert more("worker", "taskify_worker_events_total", outcome="applied") >= 3
    assert more("worker", "taskify_worker_notifications_total", type="task_assigned") == 1
    assert more("worker", "taskify_worker_notifications_total", type="comment_added") == 1
    assert more("worker", "taskify_worker_latency_seconds_count") >= 3
    # What a batch of the worker tells leaves in one message.
    assert more("notification-relay", "taskify_relay_published_total") >= 1
    assert more("gateway", "taskify_gateway_pushes_total") == 2
    assert more("gateway", "taskify_gateway_stream_lag_seconds_count") >= 1
    assert more("gateway", "taskify_gateway_change_pushed_seconds_count") == 2
    assert more("gateway", "taskify_gateway_change_acknowledged_seconds_count") == 1


@pytest.mark.parametrize("label", sorted(ALLOWED.keys() - {"route"}))
def test_the_page_gives_each_label_exactly_the_values_that_are_allowed(label: str) -> None:
    (values,) = re.findall(rf"^\| `{label}` \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", values)) == ALLOWED[label]
