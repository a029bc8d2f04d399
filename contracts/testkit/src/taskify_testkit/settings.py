"""What a project sets for the test kit: options of its pytest configuration, or the environment, which wins."""

import os
from dataclasses import dataclass
from typing import Protocol

from taskify_testkit.errors import SettingsError

SERVICE = "taskify_service"

OPTIONS = {
    SERVICE: "the name of your service, which is its broker user's; there is no default",
    "taskify_image": "Taskify's image (default: taskify:latest)",
    "taskify_postgres_image": "the image of PostgreSQL (default: postgres:17)",
    "taskify_rabbitmq_image": "the image of RabbitMQ, with its management plugin (default: rabbitmq:4-management)",
    "taskify_start_seconds": "how long each container may take until it is ready (default: 300)",
    "taskify_url": "a Taskify that runs already, by the address of its page: no container is started",
    "taskify_administrator_url": "the AMQP address of that Taskify's broker, for an administrator of its virtual host",
    "taskify_management_url": "the address of that broker's HTTP API, such as http://localhost:15672",
    "taskify_amqp_url": "the AMQP address of your service's user there; without it, the kit makes the user",
}
"""The options by name, with what they mean. In the environment their names are in capitals."""

_DEFAULTS = {
    "taskify_image": "taskify:latest",
    "taskify_postgres_image": "postgres:17",
    "taskify_rabbitmq_image": "rabbitmq:4-management",
    "taskify_start_seconds": "300",
}


class Configuration(Protocol):
    """What pytest has read."""

    def getini(self, name: str) -> object: ...


@dataclass(frozen=True, slots=True)
class Images:
    taskify: str
    postgres: str
    rabbitmq: str
    start_seconds: float


@dataclass(frozen=True, slots=True)
class Running:
    """A Taskify that runs already; `amqp_url` is the service's, if it has a user there."""

    url: str
    administrator_url: str
    management_url: str
    amqp_url: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """`running` is None when containers are to be started."""

    service: str
    images: Images
    running: Running | None


def service_name(configuration: Configuration) -> str:
    """Give the service's name.

    Raises:
        SettingsError: it is not set.
    """
    return _needed(configuration, SERVICE, f"set it in your pytest configuration, like `{SERVICE} = billing`")


def read_settings(configuration: Configuration) -> Settings:
    """Read all options.

    Raises:
        SettingsError: one is missing or wrong.
    """
    seconds = _option(configuration, "taskify_start_seconds")
    try:
        start_seconds = float(seconds)
    except ValueError as error:
        raise SettingsError(f"taskify_start_seconds is not a number: {seconds!r}") from error
    images = Images(
        _option(configuration, "taskify_image"),
        _option(configuration, "taskify_postgres_image"),
        _option(configuration, "taskify_rabbitmq_image"),
        start_seconds,
    )
    return Settings(service_name(configuration), images, _running(configuration))


def _running(configuration: Configuration) -> Running | None:
    url = _option(configuration, "taskify_url")
    if not url:
        return None
    why = "a Taskify that runs already needs it beside taskify_url"
    return Running(
        url.rstrip("/"),
        _needed(configuration, "taskify_administrator_url", why),
        _needed(configuration, "taskify_management_url", why).rstrip("/"),
        _option(configuration, "taskify_amqp_url") or None,
    )


def _needed(configuration: Configuration, name: str, why: str) -> str:
    value = _option(configuration, name)
    if not value:
        raise SettingsError(f"the option {name} (or {name.upper()} in the environment) is not set: {why}")
    return value


def _option(configuration: Configuration, name: str) -> str:
    set_outside = os.environ.get(name.upper())  # noqa: TID251 (this is where the test kit reads its configuration)
    return str(set_outside or configuration.getini(name) or _DEFAULTS.get(name, ""))


def engine_address() -> str | None:
    """Give where the environment says that the container engine is."""
    return os.environ.get("DOCKER_HOST")  # noqa: TID251 (as above)
