"""The settings of the gateway; every limit is one."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import Field

from infra.settings import BrokerUrls, Port, Settings

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class GatewaySettings(Settings):
    """Everything is read from `TASKIFY_…`, like `TASKIFY_SOCKET_PORT`."""

    gateway_broker_url: BrokerUrls
    jwks_url: str
    socket_port: Port = 8002
    allowed_origins: tuple[str, ...] = ("http://localhost:8000", "http://127.0.0.1:8000")

    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Whose `X-Forwarded-For` is believed; without it, all who come through one proxy share one address."""

    socket_auth_seconds: Seconds = 5
    socket_heartbeat_seconds: Seconds = 25
    socket_idle_seconds: Seconds = 75
    """Three heartbeats: browsers wake the timers of a hidden page only once a minute."""

    socket_frames_a_minute: Count = 60
    socket_connections_a_person: Count = 20
    socket_connections_an_address: Count = 500
    socket_connections: Count = 12_000
    """In one process; beyond it pauses of the garbage collector are felt. Start another gateway."""

    socket_unauthenticated_connections: Count = 1_000
    socket_buffer_bytes: Annotated[int, Field(ge=64 * 1024)] = 256 * 1024
    socket_slow_seconds: Seconds = 10
    socket_close_seconds: Seconds = 3
    socket_drain_seconds: Annotated[float, Field(ge=0, le=6.5)] = 6
    """At most, from the stop until those who have not gone are closed. A process has eight seconds to stop."""

    socket_drain_at_once: Count = 100
    """So many pages are asked to go elsewhere and have not gone yet, if the time is long enough for all of them."""

    stream_wait_seconds: Seconds = 5
    """How long a good token waits for a stream that is not being read."""

    stream_prefetch: Annotated[int, Field(ge=10, le=10_000)] = 500
    resync_spread_seconds: Annotated[float, Field(ge=0)] = 5
    access_token_seconds: Count = 960
    """How long an access token can live, with a margin: an ended session is remembered for this long."""
