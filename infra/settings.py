"""How settings are read: environment variables named `TASKIFY_…`, then the file `$TASKIFY_HOME/environment`.

`make up` writes that file, so that every command finds the running system. This is the only module that looks at
the environment; each service's `settings.py` says which settings it has.
"""

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_HOME = Path(".taskify")

PostgresUrl = Annotated[str, StringConstraints(pattern=r"^postgresql://\S+$")]
BrokerUrls = Annotated[str, StringConstraints(pattern=r"^amqps?://\S+$")]
CollectorUrl = Annotated[str, StringConstraints(pattern=r"^(https?://[^/?#\s]+/?)?$")]
Port = Annotated[int, Field(ge=1, le=65_535)]


def home_folder() -> Path:
    """Give the data folder of this system, `TASKIFY_HOME`."""
    return Path(os.environ.get("TASKIFY_HOME") or DEFAULT_HOME)  # noqa: TID251 (this is the one place)


class Settings(BaseSettings):
    """The settings that every process has."""

    # An error shows no values: among them are passwords.
    model_config = SettingsConfigDict(env_prefix="TASKIFY_", extra="ignore", frozen=True, hide_input_in_errors=True)

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 (pydantic-settings' own parameters)
        super().__init__(**{"_env_file": home_folder() / "environment", **values})

    host: str = "127.0.0.1"
    log_level: str = "INFO"
    traces_endpoint: CollectorUrl = ""
    """The collector of OpenTelemetry, without a path; empty for no traces."""

    traces_sampled: Annotated[float, Field(ge=0, le=1)] = 1
    """The share of all traces that is recorded."""


class RequestSettings(Settings):
    """How many requests an API takes from whom, for each of its processes; both APIs have the same."""

    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Whose `X-Forwarded-For` is believed; without it, all who come through one proxy share one address."""

    person_requests_a_second: Annotated[float, Field(gt=0)] = 50
    person_request_burst: Annotated[int, Field(ge=1)] = 300
    address_requests_a_second: Annotated[float, Field(gt=0)] = 50
    """Of those who have no token yet: logging in, refreshing, registering."""

    address_request_burst: Annotated[int, Field(ge=1)] = 300


def broker_addresses(urls: str) -> tuple[str, ...]:
    """Split a setting that names one address or several, to be tried in turn."""
    return tuple(url.strip() for url in urls.split(",") if url.strip())
