"""What each process of the task service reads from its environment."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints

from infra.settings import BrokerUrls, Port, PostgresUrl, Settings

Origin = Annotated[str, StringConstraints(pattern=r"^https?://[^/?#;,\s]+$")]
"""Scheme, host and port, as browsers write it: without a path, not even a slash."""

SocketUrl = Annotated[str, StringConstraints(pattern=r"^wss?://[^?#;,\s]+$")]


class Registration(StrEnum):
    """Whether people may register themselves."""

    OPEN = "open"
    CLOSED = "closed"


class DatabaseSettings(Settings):
    """What the migration needs."""

    task_database_url: PostgresUrl


class RelaySettings(DatabaseSettings):
    task_broker_url: BrokerUrls
    task_relay_port: Port = 8003


class ApiSettings(DatabaseSettings):
    """`public_…` are the addresses by which a browser reaches the two APIs and the socket."""

    api_port: Port = 8000
    signing_keys: Path
    public_api_url: Origin
    public_notifications_url: Origin
    public_socket_url: SocketUrl
    allowed_origins: tuple[Origin, ...]
    web_directory: Path = Path("web/dist")
    registration: Registration = Registration.OPEN
    access_token_life: timedelta = timedelta(minutes=15)
    session_life: timedelta = timedelta(days=30)
