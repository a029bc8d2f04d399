"""Broker out: the relay of the task service's outbox, in a process of its own.

Domain events go out in order for each task and each person; what belongs to different ones overtakes freely.
"""

import socket
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from prometheus_client.registry import Collector

from contracts.topology import DOMAIN_EVENTS
from infra.garbage import GarbagePolicy
from infra.health import Check, Health
from infra.health_metrics import HealthMetrics
from infra.http.health import health_app
from infra.http.server import http_service
from infra.lifecycle import Service
from infra.metrics.registry import process_registry
from infra.outbox.metrics import CountingObserver, RelayMetrics
from infra.outbox.publishing import Ordering
from infra.outbox.relay import Relay
from infra.settings import broker_addresses
from task_service.settings import RelaySettings

NAME = "task-relay"

WAKE_UP_CHANNEL = "outbox"


def relay_services(
    settings: RelaySettings,
    listener: socket.socket,
    *,
    checks: Mapping[str, Check] = MappingProxyType({}),
    collectors: Sequence[Collector] = (),
) -> dict[str, Service]:
    """Give the services of the relay, and the pages of health and metrics of the process, with what others add."""
    counts = CountingObserver(NAME)
    relay = Relay(
        NAME,
        database_url=settings.task_database_url,
        broker_urls=broker_addresses(settings.task_broker_url),
        exchange=DOMAIN_EVENTS,
        ordering=Ordering.PER_KEY,
        wake_up_channel=WAKE_UP_CHANNEL,
        observer=counts,
    )
    registry = process_registry()
    RelayMetrics(relay, counts, registry)
    for collector in collectors:
        registry.register(collector)
    own = {"database": relay.check_database, "broker": relay.check_broker, "relaying": relay.check_relaying}
    health = Health({**own, **checks})
    return {
        "relay": relay.run,
        "health": HealthMetrics(health, registry).run,
        "http": http_service(health_app(health, registry), listener),
        "garbage": GarbagePolicy().run,
    }
