"""Wiring: from settings to running processes."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import httpx

from contracts.events import AnyEvent
from contracts.topology import NOTIFICATION_WORKER
from infra.auth.key_set import PublishedKeys
from infra.auth.known_tokens import KnownTokens
from infra.broker.link import PublisherLink
from infra.consuming.dead_letters import DeadLetters
from infra.database.engine import create_engine
from infra.database.migrations import upgrade
from infra.garbage import GarbagePolicy
from infra.health import Health
from infra.health_metrics import HealthMetrics
from infra.http.health import health_app, health_routes
from infra.http.metrics import metrics_routes
from infra.http.openapi import write_openapi
from infra.http.rate_limit import request_limits
from infra.http.request_metrics import CountedRequests, RequestMetrics
from infra.http.request_tracing import TracedRequests
from infra.http.server import http_service, listen
from infra.lifecycle import run_process, run_services
from infra.metrics.registry import process_registry
from infra.outbox.wake_up import WakeUp
from infra.settings import broker_addresses
from infra.telemetry.logging import configure_logging, quiet_broker_libraries
from infra.telemetry.process import configure_telemetry
from notification_worker.api.application import connect, notification_api, wrap
from notification_worker.api.context import ApiContext
from notification_worker.commands.apply_events import apply_events, apply_short_events
from notification_worker.commands.check_inboxes import check_inboxes
from notification_worker.commands.ended_sessions import end_sessions
from notification_worker.commands.erased_people import names_somebody_erased
from notification_worker.commands.export_person import answer_export_request
from notification_worker.commands.readiness import check_database
from notification_worker.commands.worker_heartbeats import beat, leave
from notification_worker.consumers.batcher import Batcher, leaving_nothing
from notification_worker.consumers.consuming import Consuming
from notification_worker.consumers.draining import drain
from notification_worker.consumers.erased_letters import LettersWithoutErased
from notification_worker.consumers.intake import Intake
from notification_worker.erasure.finishing import LONGEST_WAIT_SECONDS, Finishing
from notification_worker.erasure.tallies import ErasureMetrics, ErasureTallies
from notification_worker.metrics import CountedDeadLetters, WorkerMetrics, WorkerTallies
from notification_worker.relay import WAKE_UP_CHANNEL, relay_services
from notification_worker.schedule import repeated, schedule_services
from notification_worker.settings import ApiSettings, DatabaseSettings, DrainSettings, RelaySettings, WorkerSettings
from notification_worker.tracing import traced

SERVICE = "notification_worker"

_KEYS_CONNECTIONS = 2

_POOL_WAIT_SECONDS = 15.0
"""When a gateway goes, all its windows ask what they have missed at once. It is cheaper to let each wait for its turn
than to refuse it and be asked again; but not as long as the 20 seconds after which a page gives an answer up."""


def run_worker() -> int:
    """Apply events until a signal."""
    settings = WorkerSettings()
    configure_telemetry("worker", settings)
    return run_process(lambda stop: _work(settings, stop))


def run_api() -> int:
    """Serve the API until a signal."""
    settings = ApiSettings()
    configure_telemetry("notification-api", settings)
    return run_process(lambda stop: _serve_api(settings, stop))


def run_relay() -> int:
    """Publish deliveries until a signal."""
    settings = RelaySettings()
    configure_telemetry("notification-relay", settings)
    listener = listen(settings.host, settings.notification_relay_port)
    return run_process(lambda stop: run_services(relay_services(settings, listener), stop))


def run_migration() -> int:
    """Bring the database up to date, then end."""
    settings = DatabaseSettings()
    configure_logging("notification-migration", settings.log_level)
    upgrade(SERVICE, settings.notification_database_url)
    return 0


def run_check() -> int:
    """Recount what is kept as counters, print what differs; fail if anything does."""
    settings = DatabaseSettings()
    return asyncio.run(_check(settings.notification_database_url))


def run_drain(seconds: float) -> int:
    """Wait until all that lies in the worker's queues now is applied; fail when that takes longer."""
    settings = DrainSettings()
    quiet_broker_libraries()
    urls = broker_addresses(settings.operator_broker_url)
    return asyncio.run(_drain(settings.notification_database_url, urls, seconds))


def describe(path: Path, *, check: bool) -> int:
    """Write the OpenAPI document, which depends on no setting; with `check` only compare it."""
    return write_openapi(notification_api(), path, check=check)


class _WakingTallies(WorkerTallies):
    """Wakes the relay after each commit: an event with a large audience has many."""

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__()
        self._wake = wake

    def applied(self, events: Sequence[AnyEvent]) -> None:
        super().applied(events)
        self._wake()

    def notified(self, count_by_type: Mapping[str, int]) -> None:
        super().notified(count_by_type)
        self._wake()


async def _work(settings: WorkerSettings, stop: asyncio.Event) -> int:
    listener = listen(settings.host, settings.worker_port)
    urls = broker_addresses(settings.notification_broker_url)
    database = create_engine(settings.notification_database_url, application_name="worker", by_index=True)
    wake_up = WakeUp(settings.notification_database_url, channel=WAKE_UP_CHANNEL)

    tallies = _WakingTallies(wake_up.notify)

    async def apply(events: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
        try:
            return await apply_short_events(database, events, observer=tallies)
        finally:
            # Also after a failure: a part of the batch may have been committed.
            wake_up.notify()

    link = PublisherLink(urls, "worker dead letters")
    apply_long = leaving_nothing(partial(apply_events, database, observer=tallies))
    batcher = Batcher(traced(tallies.counting(apply)), traced(tallies.counting(apply_long)))
    sessions = Batcher(leaving_nothing(partial(end_sessions, database, observer=tallies)))
    counted = CountedDeadLetters(DeadLetters(link, NOTIFICATION_WORKER), tallies.dead_lettered)
    letters = LettersWithoutErased(counted, partial(names_somebody_erased, database))
    consuming = Consuming(
        urls,
        beat=partial(beat, database),
        leave=partial(leave, database),
        handle=Intake(batcher, letters, sessions=sessions).take,
    )
    erasure_tallies = ErasureTallies()
    finishing = Finishing(database, urls, link.publish, notify_relay=wake_up.notify, tallies=erasure_tallies)

    async def answer_exports(_: asyncio.Event) -> bool:
        answered = await answer_export_request(database)
        if answered:
            erasure_tallies.exports += 1
            wake_up.notify()
        return answered

    health = Health({"database": partial(check_database, database), "broker": link.check, "consuming": consuming.check})
    registry = process_registry()
    registry.register(WorkerMetrics(tallies, batcher))
    registry.register(ErasureMetrics(erasure_tallies))
    services = {
        "batcher": batcher.run,
        "sessions": sessions.run,
        "consuming": consuming.run,
        "dead-letters": link.run,
        **schedule_services(database, wake_up.notify, digests_sent=tallies.digests_sent, history=settings.history),
        "exports": repeated("exports", answer_exports, LONGEST_WAIT_SECONDS),
        "erasures": repeated("erasures", finishing.work, LONGEST_WAIT_SECONDS),
        "wake-up": wake_up.run,
        "health": HealthMetrics(health, registry).run,
        "http": http_service(health_app(health, registry), listener),
        "garbage": GarbagePolicy().run,
    }
    try:
        return await run_services(services, stop)
    finally:
        await database.dispose()


async def _serve_api(settings: ApiSettings, stop: asyncio.Event) -> int:
    listener = listen(settings.host, settings.notifications_port)
    database = create_engine(
        settings.notification_database_url,
        application_name="notification-api",
        pool_wait_seconds=_POOL_WAIT_SECONDS,
        by_index=True,
    )
    wake_up = WakeUp(settings.notification_database_url, channel=WAKE_UP_CHANNEL)
    # The key set is reached directly: an address of our own never goes through a proxy.
    connections = httpx.Limits(max_connections=_KEYS_CONNECTIONS)
    async with httpx.AsyncClient(limits=connections, trust_env=False) as client:
        keys = PublishedKeys(settings.jwks_url, client, verify=KnownTokens().verify)
        health = Health({"database": partial(check_database, database), "keys": keys.check})
        api = notification_api()
        api.include_router(health_routes(health))
        registry, requests = process_registry(), RequestMetrics(api)
        registry.register(requests)
        api.include_router(metrics_routes(registry))
        limits = request_limits(settings)
        connect(api, ApiContext(database, keys, wake_up.notify, history=settings.history, limits=limits))
        served = TracedRequests(CountedRequests(wrap(api, settings.allowed_origins, limits), requests))
        services = {
            "http": http_service(served, listener),
            "wake-up": wake_up.run,
            "health": HealthMetrics(health, registry).run,
            "garbage": GarbagePolicy().run,
        }
        try:
            return await run_services(services, stop)
        finally:
            await database.dispose()


async def _drain(database_url: str, operator_urls: Sequence[str], seconds: float) -> int:
    database = create_engine(database_url, application_name="drain")
    try:
        await drain(database, operator_urls, seconds)
    finally:
        await database.dispose()
    sys.stdout.write("All that lay in the worker's queues is applied\n")
    return 0


async def _check(database_url: str) -> int:
    database = create_engine(database_url, application_name="check")
    try:
        differences = await check_inboxes(database)
    finally:
        await database.dispose()
    for one in differences:
        sys.stdout.write(f"{one}\n")
    sys.stdout.write(f"{len({one.user_id for one in differences})} inboxes differ from a recount\n")
    return 1 if differences else 0
