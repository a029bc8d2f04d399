"""The gateway as a whole: the stream in, the hub, the sockets out."""

import asyncio

import httpx

from infra.auth.key_set import PublishedKeys
from infra.garbage import GarbagePolicy
from infra.health import Health
from infra.health_metrics import HealthMetrics
from infra.lifecycle import run_services
from infra.metrics.registry import process_registry
from infra.settings import broker_addresses
from ws_gateway.consumers.reader import ReaderOptions, StreamReader
from ws_gateway.hub.admission import Admission, AdmissionLimits
from ws_gateway.hub.directory import Directory
from ws_gateway.hub.ended_sessions import EndedSessions
from ws_gateway.metrics import GatewayMetrics, SessionTallies
from ws_gateway.settings import GatewaySettings
from ws_gateway.sockets.drain import DrainLimits
from ws_gateway.sockets.endpoint import Endpoint, EndpointLimits
from ws_gateway.sockets.gate import Gate
from ws_gateway.sockets.listener import listen_for_pages
from ws_gateway.sockets.session import SessionLimits

_OPEN_SECONDS = 5.0
_KEYS_CONNECTIONS = 2
_FULL_COLLECTION_SECONDS = 3600.0


async def run(settings: GatewaySettings, stop: asyncio.Event) -> int:
    """Run the gateway until the stop, or until a part of it dies; give the exit code of the process.

    Raises:
        AddressInUseError: the port is taken.
    """
    listener = listen_for_pages(settings.host, settings.socket_port)
    drained, closed = asyncio.Event(), asyncio.Event()
    directory = Directory(EndedSessions(settings.access_token_seconds), settings.socket_connections_a_person)
    reader = StreamReader(broker_addresses(settings.gateway_broker_url), directory, _reader_options(settings))

    async def accepting() -> None:
        if stop.is_set():
            raise RuntimeError("this gateway is going")

    # The key set is reached directly: an address of our own never goes through a proxy.
    limits = httpx.Limits(max_connections=_KEYS_CONNECTIONS)
    async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
        keys = PublishedKeys(settings.jwks_url, client)
        health = Health(
            {
                "broker": reader.check_connection,
                "consuming": reader.check_reading,
                "key_set": keys.check,
                "accepting": accepting,
            }
        )
        registry, tallies = process_registry(), SessionTallies()
        admission = Admission(_admission_limits(settings))
        gate = Gate(health, registry, admission, settings.trusted_proxies)
        endpoint = Endpoint(
            listener=listener,
            origins=settings.allowed_origins,
            gate=gate,
            directory=directory,
            verifier=keys,
            stream_is_read=reader.is_read,
            session_limits=_session_limits(settings),
            session_observer=tallies,
            limits=_endpoint_limits(settings),
        )
        registry.register(
            GatewayMetrics(
                admission=admission,
                directory=directory,
                gate=gate,
                endpoint=endpoint,
                tallies=tallies,
                lag_seconds=reader.lag_seconds,
                change_seconds=reader.change_seconds,
            )
        )

        async def sockets(stop: asyncio.Event) -> None:
            try:
                await endpoint.run(stop, drained)
            finally:
                drained.set()
                closed.set()

        async def stream(_: asyncio.Event) -> None:
            """Read on while pages are asked to go: until they have, they get what is theirs."""
            await reader.run(drained)

        async def garbage(_: asyncio.Event) -> None:
            """Keep full collections away while pages go: each would stop all of them."""
            await GarbagePolicy(_FULL_COLLECTION_SECONDS).run(closed)

        return await run_services(
            {
                "stream": stream,
                "sockets": sockets,
                "garbage": garbage,
                "health": HealthMetrics(health, registry).run,
            },
            stop,
        )


def _reader_options(settings: GatewaySettings) -> ReaderOptions:
    return ReaderOptions(
        history_seconds=settings.access_token_seconds,
        prefetch=settings.stream_prefetch,
        resync_spread_seconds=settings.resync_spread_seconds,
    )


def _admission_limits(settings: GatewaySettings) -> AdmissionLimits:
    return AdmissionLimits(
        connections=settings.socket_connections,
        unauthenticated=settings.socket_unauthenticated_connections,
        of_an_address=settings.socket_connections_an_address,
    )


def _session_limits(settings: GatewaySettings) -> SessionLimits:
    return SessionLimits(
        auth_seconds=settings.socket_auth_seconds,
        heartbeat_seconds=settings.socket_heartbeat_seconds,
        idle_seconds=settings.socket_idle_seconds,
        frames_a_minute=settings.socket_frames_a_minute,
    )


def _endpoint_limits(settings: GatewaySettings) -> EndpointLimits:
    return EndpointLimits(
        open_seconds=_OPEN_SECONDS,
        close_seconds=settings.socket_close_seconds,
        drain=DrainLimits(settings.socket_drain_seconds, settings.socket_drain_at_once),
        stream_wait_seconds=settings.stream_wait_seconds,
        buffer_bytes=settings.socket_buffer_bytes,
        slow_seconds=settings.socket_slow_seconds,
    )
