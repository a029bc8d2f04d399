"""What each process of the notification worker reads from its environment."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from infra.settings import BrokerUrls, Port, PostgresUrl, RequestSettings, Settings


class DatabaseSettings(Settings):
    """What the migration and the check need."""

    notification_database_url: PostgresUrl


class DrainSettings(DatabaseSettings):
    """`operator_broker_url` is of a broker user who may send to any queue, as `infra.broker.dead_letters` needs it."""

    operator_broker_url: BrokerUrls


class HistorySettings(DatabaseSettings):
    """What the worker and the API must agree on: for how many days a notification that was read is shown."""

    history_days: Annotated[int, Field(ge=1, le=3_650)] = 30

    @property
    def history(self) -> timedelta:
        """The same, as a time."""
        return timedelta(days=self.history_days)


class WorkerSettings(HistorySettings):
    notification_broker_url: BrokerUrls
    worker_port: Port = 8004


class RelaySettings(DatabaseSettings):
    notification_broker_url: BrokerUrls
    notification_relay_port: Port = 8005


class ApiSettings(HistorySettings, RequestSettings):
    notifications_port: Port = 8001
    jwks_url: str
    allowed_origins: tuple[str, ...]
