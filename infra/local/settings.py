"""What a person may choose about the system on one machine; all of it has a default."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import Field

from infra.settings import BrokerUrls, Port, PostgresUrl, Settings, home_folder

REPOSITORY = Path(__file__).resolve().parents[2]


def _behind_api_port(distance: int) -> Callable[[dict[str, Any]], int]:
    # Without a valid port to count from, the error about that one is what counts.
    return lambda valid: int(valid.get("api_port", 8000)) + distance


class LaunchSettings(Settings):
    """Environment variables only: the file `environment` is what the launcher writes, not what it reads."""

    api_port: Port = 8000
    notifications_port: Port = 8001
    socket_port: Port = 8002
    # Where nobody but the launcher looks; next to the first, so that two systems with other ports get out of each
    # other's way.
    task_relay_port: Port = Field(default_factory=_behind_api_port(3))
    worker_port: Port = Field(default_factory=_behind_api_port(4))
    notification_relay_port: Port = Field(default_factory=_behind_api_port(5))

    web_directory: Path = REPOSITORY / "web" / "dist"
    postgres_url: PostgresUrl | None = None
    rabbitmq_url: BrokerUrls | None = None
    rabbitmq_management_url: str | None = None
    demo: bool = True
    """Whether new databases are filled with a few people and tasks to look at."""

    @property
    def ports(self) -> dict[str, int]:
        """The ports of the six processes, by the names of their variables."""
        return {f"TASKIFY_{name.upper()}": value for name, value in self.model_dump().items() if name.endswith("_port")}

    @property
    def reachable_host(self) -> str:
        """Where the processes answer on this machine."""
        return "127.0.0.1" if self.host in {"0.0.0.0", "::", ""} else self.host  # noqa: S104 (compared, not bound)


def launch_settings() -> LaunchSettings:
    """Read the environment, and not the file of an earlier run."""
    return LaunchSettings(_env_file=None)


def launch_home() -> Path:
    """Give the data folder, absolute."""
    return home_folder().resolve()
