"""What `status` makes of what the parts say."""

import os
from collections.abc import Mapping
from dataclasses import replace

import pytest

from contracts.topology import QUEUES, WORKER_DEAD_LETTERS, task_events_queue
from infra.local.processes import PROCESSES
from infra.local.status.figures import Hop, Status, as_json, figures
from infra.local.status.picture import picture
from infra.local.status.reading import Answers, Labels, Queue, Reading
from infra.local.status.watching import frame

Samples = dict[tuple[str, Labels], float]
LEADING = {("taskify_relay_leading", frozenset[tuple[str, str]]()): 1.0}


def sample(name: str, value: float, **labels: str) -> Samples:
    return {(name, frozenset(labels.items())): value}


def latency(below_one: float, above: float) -> Samples:
    name = "taskify_worker_latency_seconds_bucket"
    return {
        **sample(name, below_one, le="1.0"),
        **sample(name, below_one + above, le="2.0"),
        **sample(name, below_one + above, le="+Inf"),
    }


def reading(at: float, own: Mapping[str, Samples] | None = None, queues: Mapping[str, Queue] | None = None) -> Reading:
    """Give what a healthy system says, and some of it otherwise."""
    processes = {
        process.name: Answers(8_000, {"broker": "ok"}, {**LEADING, **(own or {}).get(process.name, {})})
        for process in PROCESSES
    }
    return Reading(at, processes, {queue.name: Queue(0, 1) for queue in QUEUES} | dict(queues or {}))


def answering(found: Reading, name: str, answers: Answers) -> Reading:
    return replace(found, processes={**found.processes, name: answers})


def hop(status: Status, name: str) -> Hop:
    return next(each for each in status.hops if each.name == name)


def test_rates_are_of_what_passed_between_the_readings() -> None:
    requests = "taskify_http_requests_total"
    before, now = (
        {
            **sample(requests, of_people, route="/api/tasks", status="2xx"),
            **sample(requests, of_ours, route="/metrics", status="2xx"),
        }
        for of_people, of_ours in ((5, 10), (13, 90))
    )

    status = figures(reading(10, {"task-api": before}), reading(14, {"task-api": now}))

    assert hop(status, "requests to task-api").rate == 2


def test_a_process_that_was_started_again_meanwhile_has_no_rate() -> None:
    before = reading(10, {"gateway": sample("taskify_gateway_pushes_total", 100)})
    now = reading(12, {"gateway": sample("taskify_gateway_pushes_total", 3)})

    assert hop(figures(before, now), "stream to windows").rate is None


def test_percentiles_are_of_what_passed_between_the_readings_and_else_of_everything() -> None:
    old, more = {"worker": latency(100, 0)}, {"worker": latency(100, 10)}

    passed = hop(figures(reading(1, old), reading(2, more)), "lanes to notifications")
    assert (passed.median_seconds, passed.percentile_95_seconds) == (1.5, 1.95)
    rested = hop(figures(reading(1, old), reading(2, old)), "lanes to notifications")
    assert (rested.median_seconds, rested.percentile_95_seconds) == (0.5, 0.95)
    empty = hop(figures(reading(1), reading(2)), "lanes to notifications")
    assert (empty.median_seconds, empty.percentile_95_seconds) == (None, None)


def test_what_waits_for_a_person_is_shown_and_the_system_is_healthy() -> None:
    now = reading(2, queues={WORKER_DEAD_LETTERS: Queue(3, 0), "domain.unrouted": Queue(1, 0)})
    status = figures(reading(1), now)

    assert status.healthy
    assert "dead letters 3, unrouted events 1" in "\n".join(picture(status, "Taskify runs"))


@pytest.mark.parametrize(
    ("now", "trouble"),
    [
        (answering(reading(2), "worker", Answers(1, trouble="nobody listens")), "worker is not ready"),
        (answering(reading(2), "worker", Answers(1, {"database": "away"})), "worker is not ready"),
        (reading(2, {"task-relay": sample("taskify_relay_leading", 0)}), "task-relay does not lead"),
        (reading(2, queues={task_events_queue(3): Queue(0, 0)}), f"nobody consumes {task_events_queue(3)}"),
        (replace(reading(2), queues=None, broker_trouble="gone"), "the broker's queues cannot be read: gone"),
    ],
)
def test_whatever_does_not_work_is_named_and_makes_it_unhealthy(now: Reading, trouble: str) -> None:
    status = figures(reading(1), now)

    assert not status.healthy
    assert status.trouble == (trouble,)
    assert as_json(status)["trouble"] == [trouble]
    assert picture(status, "Taskify runs")[:2] == ["Taskify runs: NOT HEALTHY", f"  {trouble}"]


def test_what_a_process_waits_for_stands_in_its_row() -> None:
    now = answering(reading(2), "worker", Answers(8_004, {"database": "no answer in 2 s", "broker": "ok"}))
    (row,) = (line for line in picture(figures(reading(1), now), "Taskify") if line.startswith("worker "))

    assert row.split() == ["worker", "8004", "NO", "-", "-", "-", "database:", "no", "answer", "in", "2", "s"]


def test_a_frame_goes_over_the_one_before_without_clearing_it_and_is_cut_to_the_terminal() -> None:
    drawn = frame(["a long line", "second", "third"], os.terminal_size((6, 3)))

    assert drawn == "\x1b[Ha long\x1b[K\r\nsecond\x1b[K\x1b[J"
