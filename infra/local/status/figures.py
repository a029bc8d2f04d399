"""Rates, percentiles and sums, of two readings some seconds apart."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from contracts.topology import DELIVERIES, UNROUTED, WORKER_DEAD_LETTERS
from infra.local.status.reading import Answers, Labels, Queue, Reading

Samples = Mapping[tuple[str, Labels], float]

RELAYS = ("task-relay", "notification-relay")
_APIS = ("task-api", "notification-api")
_NO_LANES = {UNROUTED, WORKER_DEAD_LETTERS, DELIVERIES}


@dataclass(frozen=True, slots=True)
class Process:
    name: str
    port: int
    ready: bool
    trouble: str
    up_seconds: float | None
    processor: float | None
    memory_bytes: float | None


@dataclass(frozen=True, slots=True)
class Hop:
    """`rate` is for a second. Times are of what passed between the readings, or since the start if nothing did."""

    name: str
    rate: float | None = None
    waiting: float | None = None
    oldest_seconds: float | None = None
    median_seconds: float | None = None
    percentile_95_seconds: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    processes: tuple[Process, ...]
    hops: tuple[Hop, ...]
    for_a_person: Mapping[str, float | None]
    connections: Mapping[str, float | None]
    trouble: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether everything does its work."""
        return not self.trouble


class _Process:
    """What one process counted, and what it counted between the readings."""

    def __init__(self, before: Samples, now: Samples, seconds: float) -> None:
        self._before = before
        self._now = now
        self._seconds = seconds

    def of_people(self) -> "_Process":
        """Leave out requests for health and metrics, and files of the page."""
        return _Process(_api_only(self._before), _api_only(self._now), self._seconds)

    def value(self, name: str, **labels: str) -> float | None:
        """Add up all samples of a metric that have these labels; None when there is none."""
        wanted = set(labels.items())
        found = [value for (metric, own), value in self._now.items() if metric == name and wanted <= own]
        return sum(found) if found else None

    def rate(self, name: str, **labels: str) -> float | None:
        """Give how much a counter grew in a second; None for a process that was not there, or is another by now."""
        wanted = set(labels.items())
        grown = [
            value - self._before.get((metric, own), value)
            for (metric, own), value in self._now.items()
            if metric == name and wanted <= own
        ]
        return None if not grown or not self._before or min(grown) < 0 else sum(grown) / self._seconds

    def percentiles(self, name: str) -> tuple[float | None, float | None]:
        """Give the median and the 95th percentile of a histogram, None for one that is empty."""
        total: dict[float, float] = {}
        grown: dict[float, float] = {}
        for (metric, labels), value in self._now.items():
            if metric == f"{name}_bucket":
                bound = float(dict(labels)["le"])
                total[bound] = total.get(bound, 0) + value
                grown[bound] = grown.get(bound, 0) + value - self._before.get((metric, labels), 0)
        counts = grown if grown and max(grown.values()) > 0 and min(grown.values()) >= 0 else total
        buckets = sorted(counts.items())
        return _percentile(buckets, 0.5), _percentile(buckets, 0.95)


def _api_only(samples: Samples) -> dict[tuple[str, Labels], float]:
    return {key: value for key, value in samples.items() if dict(key[1]).get("route", "").startswith("/api/")}


def _percentile(buckets: list[tuple[float, float]], share: float) -> float | None:
    """Interpolate as Prometheus' histogram_quantile does; beyond the last bound, the last bound."""
    if not buckets or buckets[-1][1] <= 0:
        return None
    rank = share * buckets[-1][1]
    for (low, below), (high, count) in pairwise([(0.0, 0.0), *buckets]):
        if count >= rank:
            return low if high == float("inf") else low + (high - low) * (rank - below) / (count - below)
    return None


def figures(before: Reading, now: Reading) -> Status:
    """Make everything that is shown of two readings."""
    seconds = max(now.at - before.at, 0.001)
    counted = {
        name: _Process(before.processes[name].samples, answers.samples, seconds)
        for name, answers in now.processes.items()
    }
    return Status(
        tuple(_process(name, answers, counted[name]) for name, answers in now.processes.items()),
        tuple(_hops(counted, now)),
        {
            "dead letters": _messages(now, WORKER_DEAD_LETTERS),
            "unrouted events": _messages(now, UNROUTED),
            **{f"set aside by the {relay}": counted[relay].value("taskify_relay_set_aside_rows") for relay in RELAYS},
        },
        {
            "sockets": counted["gateway"].value("taskify_gateway_connections"),
            "windows": counted["gateway"].value("taskify_gateway_windows"),
            "buffered bytes": counted["gateway"].value("taskify_gateway_buffered_bytes"),
            "resyncs": counted["gateway"].value("taskify_gateway_resyncs_total"),
        },
        tuple(_trouble(counted, now)),
    )


def as_json(status: Status) -> dict[str, Any]:
    """Give all of it for a program."""
    return {
        "healthy": status.healthy,
        "trouble": list(status.trouble),
        "processes": [_fields(process) for process in status.processes],
        "hops": [_fields(hop) for hop in status.hops],
        "for_a_person": dict(status.for_a_person),
        "connections": dict(status.connections),
    }


def _fields(row: Process | Hop) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def _process(name: str, answers: Answers, counted: _Process) -> Process:
    started = counted.value("process_start_time_seconds")
    waits = "; ".join(f"{check}: {said}" for check, said in answers.failing.items())
    return Process(
        name,
        answers.port,
        answers.ready,
        answers.trouble or waits,
        None if started is None else time.time() - started,
        counted.rate("process_cpu_seconds_total"),
        counted.value("process_resident_memory_bytes"),
    )


def _hops(counted: Mapping[str, _Process], now: Reading) -> list[Hop]:
    worker, gateway = counted["worker"], counted["gateway"]
    lanes = _lanes(now)
    return [
        *(_requests(name, counted[name]) for name in _APIS),
        _outbox(RELAYS[0], counted),
        Hop(
            "lanes to notifications",
            worker.rate("taskify_worker_events_total"),
            None if now.queues is None else sum(queue.messages for queue in lanes.values()),
            None,
            *worker.percentiles("taskify_worker_latency_seconds"),
            "since the change",
        ),
        _outbox(RELAYS[1], counted),
        Hop(
            "stream to windows",
            gateway.rate("taskify_gateway_pushes_total"),
            None,
            None,
            *gateway.percentiles("taskify_gateway_stream_lag_seconds"),
            "since the notification",
        ),
        Hop(
            "change to windows",
            gateway.rate("taskify_gateway_change_pushed_seconds_count"),
            None,
            None,
            *gateway.percentiles("taskify_gateway_change_pushed_seconds"),
            "since the change",
        ),
    ]


def _requests(name: str, process: _Process) -> Hop:
    counted = process.of_people()
    failed = counted.rate("taskify_http_requests_total", status="5xx")
    return Hop(
        f"requests to {name}",
        counted.rate("taskify_http_requests_total"),
        None,
        None,
        *counted.percentiles("taskify_http_request_seconds"),
        f"{failed:.1f} failed a second" if failed else "",
    )


def _outbox(relay: str, counted: Mapping[str, _Process]) -> Hop:
    own = counted[relay]
    return Hop(
        f"outbox by {relay}",
        own.rate("taskify_relay_published_total"),
        own.value("taskify_relay_outbox_rows"),
        own.value("taskify_relay_outbox_oldest_age_seconds"),
        *own.percentiles("taskify_relay_publish_seconds"),
        "broker takes nothing" if own.value("taskify_relay_broker_blocked") else "to the confirm",
    )


def _lanes(now: Reading) -> dict[str, Queue]:
    """Give the queues that somebody has to consume; each gateway reads the stream on its own."""
    return {name: queue for name, queue in (now.queues or {}).items() if name not in _NO_LANES}


def _messages(now: Reading, queue: str) -> float | None:
    return None if now.queues is None else now.queues[queue].messages


def _trouble(counted: Mapping[str, _Process], now: Reading) -> list[str]:
    wrong = [f"{name} is not ready" for name, answers in now.processes.items() if not answers.ready]
    wrong += [f"{relay} does not lead" for relay in RELAYS if counted[relay].value("taskify_relay_leading") == 0]
    wrong += [f"nobody consumes {name}" for name, queue in _lanes(now).items() if not queue.consumers]
    if now.queues is None:
        wrong.append(f"the broker's queues cannot be read: {now.broker_trouble}")
    return wrong
