"""What the gateway counts. Everything is read when it is asked for; a frame costs an addition."""

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric

from infra.metrics.families import counter, counter_by, gauge, histogram
from infra.metrics.tallies import Distribution
from ws_gateway.hub.admission import Admission
from ws_gateway.hub.directory import Directory
from ws_gateway.sockets.endpoint import Endpoint
from ws_gateway.sockets.gate import Gate

ENDED_OTHERWISE = "none"
"""The code of a connection that this gateway did not close: the page went, or the connection broke."""


class SessionTallies:
    """What all sessions together tell."""

    def __init__(self) -> None:
        self.resyncs = 0
        self.acknowledged_seconds = Distribution()
        self.change_acknowledged_seconds = Distribution()

    def resynced(self) -> None:
        """Count a page that is asked to call `sync`."""
        self.resyncs += 1

    def acknowledged(self, seconds: float) -> None:
        """Count a page that has proved what it applied."""
        self.acknowledged_seconds.observe(seconds)

    def change_acknowledged(self, seconds: float) -> None:
        """Count a change that a page has proved to have applied."""
        self.change_acknowledged_seconds.observe(seconds)


class GatewayMetrics:
    """A collector."""

    def __init__(
        self,
        *,
        admission: Admission,
        directory: Directory,
        gate: Gate,
        endpoint: Endpoint,
        tallies: SessionTallies,
        lag_seconds: Distribution,
        change_seconds: Distribution,
    ) -> None:
        self._admission = admission
        self._directory = directory
        self._gate = gate
        self._endpoint = endpoint
        self._tallies = tallies
        self._lag_seconds = lag_seconds
        self._change_seconds = change_seconds

    def collect(self) -> Iterable[Metric]:
        """Read everything as it is now."""
        closes = {ENDED_OTHERWISE if code is None else str(int(code)): n for code, n in self._endpoint.closes.items()}
        refusals = {refusal.value: n for refusal, n in self._gate.refusals.items()}
        yield gauge("taskify_gateway_connections", "Sockets that are open", self._admission.connections)
        yield gauge("taskify_gateway_windows", "Windows that are authenticated and get frames", len(self._directory))
        yield gauge(
            "taskify_gateway_buffered_bytes",
            "What was sent to all windows together and the kernel has not taken yet",
            self._endpoint.buffered_bytes,
        )
        yield counter(
            "taskify_gateway_pushes_total",
            "Frames handed to windows, once for each window",
            self._directory.pushes,
        )
        yield counter_by(
            "taskify_gateway_closes_total", "Sockets that have ended, by the gateway's close code", ("code",), closes
        )
        yield counter_by(
            "taskify_gateway_refused_connections_total", "Sockets that were not let in", ("reason",), refusals
        )
        yield counter(
            "taskify_gateway_resyncs_total", "Times that a window was told to call sync", self._tallies.resyncs
        )
        yield histogram(
            "taskify_gateway_stream_lag_seconds",
            "Age of a delivery, since the worker wrote it, when its frames were pushed",
            self._lag_seconds,
        )
        yield histogram(
            "taskify_gateway_acknowledgement_seconds",
            "Time from a push to the PING that proves it was applied, which is up to a heartbeat later",
            self._tallies.acknowledged_seconds,
        )
        yield histogram(
            "taskify_gateway_change_pushed_seconds",
            "Age of a change when its frame was pushed, once for each window",
            self._change_seconds,
        )
        yield histogram(
            "taskify_gateway_change_acknowledged_seconds",
            "Age of a change at the PING that proves it was applied, the first that waited for it",
            self._tallies.change_acknowledged_seconds,
        )
