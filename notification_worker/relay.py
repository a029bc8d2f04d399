"""Broker out: the relay of the deliveries, in a process of its own.

All go out strictly in the order of their ids: so the frames of each person come in the order of their `seq`. With
them go the answers to exports and erasures, to where all events go: an erasure's comes after every frame that it
changed.

The one order is the price of that: an answer that the broker will not have holds up the deliveries behind it, until it
is set aside after ten tries (under two minutes), and one whose queue is full or in trouble for as long as that lasts.
Answers would need a batch of their own beside that of the deliveries, or a thousand refused parts of an export would
still fill each batch. Their queue takes a million, and the task service empties it as long as it runs.
"""

import socket

from contracts.events import ANSWERS, type_of
from contracts.topology import DELIVERIES, DOMAIN_EVENTS
from infra.garbage import GarbagePolicy
from infra.health import Health
from infra.health_metrics import HealthMetrics
from infra.http.health import health_app
from infra.http.server import http_service
from infra.lifecycle import Service
from infra.metrics.registry import process_registry
from infra.outbox.metrics import CountingObserver, RelayMetrics
from infra.outbox.publishing import Ordering
from infra.outbox.relay import Relay
from infra.settings import broker_addresses
from notification_worker.settings import RelaySettings

NAME = "notification-relay"

WAKE_UP_CHANNEL = "outbox"


def relay_services(settings: RelaySettings, listener: socket.socket) -> dict[str, Service]:
    """Give the services of the process: the relay, and the pages of its health and its metrics."""
    counts = CountingObserver(NAME)
    relay = Relay(
        NAME,
        database_url=settings.notification_database_url,
        broker_urls=broker_addresses(settings.notification_broker_url),
        exchange=DELIVERIES,
        elsewhere={type_of(event): DOMAIN_EVENTS for event in ANSWERS},
        ordering=Ordering.STRICT,
        wake_up_channel=WAKE_UP_CHANNEL,
        observer=counts,
    )
    registry = process_registry()
    RelayMetrics(relay, counts, registry)
    health = Health({"database": relay.check_database, "broker": relay.check_broker, "relaying": relay.check_relaying})
    return {
        "relay": relay.run,
        "health": HealthMetrics(health, registry).run,
        "http": http_service(health_app(health, registry), listener),
        "garbage": GarbagePolicy().run,
    }
