"""What each process of the task service reads from its environment."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from infra.settings import BrokerUrls, Port, PostgresUrl, RequestSettings, Settings

Origin = Annotated[str, StringConstraints(pattern=r"^https?://[^/?#;,\s]+$")]
"""Scheme, host and port, as browsers write it: without a path, not even a slash."""

SocketUrl = Annotated[str, StringConstraints(pattern=r"^wss?://[^?#;,\s]+$")]


Count = Annotated[int, Field(ge=1)]
Span = Annotated[timedelta, Field(gt=timedelta())]


class Registration(StrEnum):
    """Whether people may register themselves."""

    OPEN = "open"
    CLOSED = "closed"


class DatabaseSettings(Settings):
    """What the migration needs."""

    task_database_url: PostgresUrl


class DrainSettings(DatabaseSettings):
    """`operator_broker_url` is of a broker user who may send to any queue."""

    operator_broker_url: BrokerUrls


class RelaySettings(DatabaseSettings):
    task_broker_url: BrokerUrls
    task_relay_port: Port = 8003
    erasure_receipt_life: Span = timedelta(days=365)


class KeySettings(Settings):
    """What has to do with signing keys, which live as long as the tokens that they have signed."""

    signing_keys: Path
    access_token_life: Annotated[Span, Field(le=timedelta(minutes=15))] = timedelta(minutes=15)
    """Not longer: gateways remember for so long which sessions have ended, and look back so far when they start."""


class ApiSettings(DatabaseSettings, KeySettings, RequestSettings):
    """`public_…` are the addresses by which a browser reaches the two APIs and the socket."""

    api_port: Port = 8000
    public_api_url: Origin
    public_notifications_url: Origin
    public_socket_url: SocketUrl
    allowed_origins: tuple[Origin, ...]
    web_directory: Path = Path("web/dist")
    registration: Registration = Registration.OPEN
    session_life: Span = timedelta(days=30)
    export_life: Span = timedelta(hours=24)
    exports_a_day: Count = 5
    refresh_grace: Span = timedelta(seconds=60)
    """For how long a refresh token that was replaced is answered once more: a page gives an answer up for lost after 20
    seconds, and asks again within 16."""

    wrong_passwords_an_account: Count = 10
    wrong_passwords_an_address: Count = 100
    """Many people may be behind one address; logins under way count too until their password was found right."""

    wrong_passwords_within: Span = timedelta(minutes=15)

    @model_validator(mode="after")
    def _encrypted_as_a_whole(self) -> Self:
        """A page that came over https sends no token in clear text, wherever it sends it."""
        if self.public_api_url.startswith("https:"):
            if not self.public_socket_url.startswith("wss:"):
                raise ValueError("public_socket_url: a page over https takes a socket over wss")
            if not self.public_notifications_url.startswith("https:"):
                raise ValueError("public_notifications_url: a page over https takes an API over https")
        return self
