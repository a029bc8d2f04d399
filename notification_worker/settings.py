"""What each process of the notification worker reads from its environment."""

from infra.settings import BrokerUrls, Port, PostgresUrl, Settings


class DatabaseSettings(Settings):
    """What the migration and the check need."""

    notification_database_url: PostgresUrl


class WorkerSettings(DatabaseSettings):
    notification_broker_url: BrokerUrls
    worker_port: Port = 8004


class RelaySettings(DatabaseSettings):
    notification_broker_url: BrokerUrls
    notification_relay_port: Port = 8005


class ApiSettings(DatabaseSettings):
    notifications_port: Port = 8001
    jwks_url: str
    allowed_origins: tuple[str, ...]
