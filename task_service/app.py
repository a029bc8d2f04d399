"""Wiring: from settings to running processes."""

import asyncio
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

from infra.database.engine import create_engine
from infra.database.migrations import upgrade
from infra.garbage import GarbagePolicy
from infra.health import Health
from infra.health_metrics import HealthMetrics
from infra.http.health import health_routes
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
from task_service.api.application import create_api
from task_service.api.dependencies import Services
from task_service.api.discovery import discovery_routes
from task_service.api.middleware import wrap
from task_service.api.schemas import PublicAddresses
from task_service.commands.login_throttle import LoginThrottle, ThrottleLimits
from task_service.commands.republish import republish
from task_service.commands.request_export import ExportLimits
from task_service.commands.unit_of_work import UnitOfWork, reading_sessions, session_factory
from task_service.consumers.answers import Answers
from task_service.consumers.draining import drain
from task_service.credentials.access_tokens import AccessTokens
from task_service.credentials.key_ring import KeyRing
from task_service.credentials.key_rotation import report_keys, retire, rotate
from task_service.credentials.passwords import Passwords
from task_service.credentials.signing_keys import read_signing_keys
from task_service.queries.readiness import check_database, check_tables
from task_service.relay import WAKE_UP_CHANNEL, relay_services
from task_service.retention import retention_service
from task_service.settings import ApiSettings, DatabaseSettings, DrainSettings, KeySettings, Registration, RelaySettings

SERVICE = "task_service"


def run_api() -> int:
    """Serve the API and the page until a signal."""
    settings = ApiSettings()
    configure_telemetry("task-api", settings)
    listener = listen(settings.host, settings.api_port)
    return run_process(lambda stop: _serve_api(settings, listener, stop))


def run_relay() -> int:
    """Publish events until a signal."""
    settings = RelaySettings()
    configure_telemetry("task-relay", settings)
    listener = listen(settings.host, settings.task_relay_port)
    return run_process(lambda stop: _relay(settings, listener, stop))


def run_migration() -> int:
    """Bring the database up to date, then end."""
    settings = DatabaseSettings()
    configure_logging("task-migration", settings.log_level)
    upgrade(SERVICE, settings.task_database_url)
    return 0


def run_republish() -> int:
    """Tell the other services again who there is and who watches what, then end; the relay sends it."""
    settings = DatabaseSettings()
    return asyncio.run(_republish(settings.task_database_url))


def run_drain(seconds: float) -> int:
    """Wait until all that lies in this service's queue now is applied; fail when that takes longer."""
    settings = DrainSettings()
    quiet_broker_libraries()
    asyncio.run(drain(settings.task_database_url, broker_addresses(settings.operator_broker_url), seconds))
    sys.stdout.write("All that lay in the task service's queue is applied\n")
    return 0


def list_keys() -> int:
    """Print the signing keys and what each is good for."""
    settings = KeySettings()
    keys = read_signing_keys(settings.signing_keys)
    for report in report_keys(keys, datetime.now(UTC), settings.access_token_life):
        until = "" if report.until is None else f" until {report.until:%Y-%m-%d %H:%M:%S} UTC"
        sys.stdout.write(f"{report.key_id}  {report.state.value}{until}\n")
    return 0


def rotate_keys() -> int:
    """Make a new signing key; print all keys."""
    rotate(KeySettings().signing_keys)
    return list_keys()


def retire_keys(key_id: str | None, *, at_once: bool) -> int:
    """Remove signing keys that are done, or one; print which."""
    settings = KeySettings()
    removed = retire(
        settings.signing_keys, datetime.now(UTC), settings.access_token_life, key_id=key_id, at_once=at_once
    )
    for one in removed:
        sys.stdout.write(f"{one}  removed\n")
    if not removed:
        sys.stdout.write("no key is done\n")
    return 0


def describe(path: Path, *, check: bool) -> int:
    """Write the OpenAPI document, which depends on no setting; with `check` only compare it."""
    nowhere = PublicAddresses(api_url="", notifications_url="", socket_url="")
    api = create_api(discovery_routes(tuple, nowhere), health_routes(Health({})), Path())
    return write_openapi(api, path, check=check)


async def _republish(database_url: str) -> int:
    engine = create_engine(database_url, application_name="republish")
    try:
        # The relay looks by itself often enough for this.
        told = await republish(UnitOfWork(session_factory(engine), lambda: None))
    finally:
        await engine.dispose()
    sys.stdout.write(f"Told of {told.people} people and of the watchers of {told.tasks} tasks\n")
    return 0


async def _relay(settings: RelaySettings, listener: socket.socket, stop: asyncio.Event) -> int:
    """Publish what the commands record, and take what other services answer, in one process: both need the broker."""
    engine = create_engine(settings.task_database_url, application_name="task-answers")
    wake_up = WakeUp(settings.task_database_url, channel=WAKE_UP_CHANNEL)
    unit_of_work = UnitOfWork(session_factory(engine), wake_up.notify)
    answers = Answers(broker_addresses(settings.task_broker_url), unit_of_work)
    relay = relay_services(settings, listener, checks={"consuming": answers.check}, collectors=[answers])
    own = {
        **answers.services,
        "retention": retention_service(unit_of_work, settings.erasure_receipt_life),
        "wake-up": wake_up.run,
    }
    try:
        return await run_services({**own, **relay}, stop)
    finally:
        await engine.dispose()


async def _serve_api(settings: ApiSettings, listener: socket.socket, stop: asyncio.Event) -> int:
    keys = KeyRing(settings.signing_keys)
    addresses = PublicAddresses(
        api_url=settings.public_api_url,
        notifications_url=settings.public_notifications_url,
        socket_url=settings.public_socket_url,
    )
    engine = create_engine(settings.task_database_url, application_name="task-api")
    wake_up = WakeUp(settings.task_database_url, channel=WAKE_UP_CHANNEL)
    sessions, reading = session_factory(engine), reading_sessions(engine)
    health = Health({"database": lambda: check_database(sessions), "tables": lambda: check_tables(sessions)})
    api = create_api(discovery_routes(keys.published, addresses), health_routes(health), settings.web_directory)
    unit_of_work = UnitOfWork(sessions, wake_up.notify)
    limits = request_limits(settings)
    api.state.services = Services(
        database=engine,
        sessions=reading,
        unit_of_work=unit_of_work,
        access_tokens=AccessTokens(keys, settings.access_token_life),
        passwords=Passwords(),
        throttle=LoginThrottle(unit_of_work, _throttle_limits(settings)),
        limits=limits,
        session_life=settings.session_life,
        refresh_grace=settings.refresh_grace,
        secure_cookie=settings.public_api_url.startswith("https:"),
        page_origins=frozenset({settings.public_api_url, *settings.allowed_origins}),
        registration_open=settings.registration is Registration.OPEN,
        exports=ExportLimits(settings.export_life, settings.exports_a_day),
    )
    registry, requests = process_registry(), RequestMetrics(api)
    registry.register(requests)
    api.include_router(metrics_routes(registry))
    served = TracedRequests(CountedRequests(wrap(api, addresses, settings.allowed_origins, limits), requests))
    services = {
        "http": http_service(served, listener),
        "wake-up": wake_up.run,
        "health": HealthMetrics(health, registry).run,
        "garbage": GarbagePolicy().run,
    }
    try:
        return await run_services(services, stop)
    finally:
        await engine.dispose()


def _throttle_limits(settings: ApiSettings) -> ThrottleLimits:
    return ThrottleLimits(
        of_an_account=settings.wrong_passwords_an_account,
        of_an_address=settings.wrong_passwords_an_address,
        window=settings.wrong_passwords_within,
    )
