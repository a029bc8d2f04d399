from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from pydantic import ValidationError

from contracts.topology import USERS
from infra.broker.definitions import ADMINISTRATOR
from infra.local.databases import database_url
from infra.local.environment import system_environment
from infra.local.errors import PortTakenError
from infra.local.ports import require_free
from infra.local.settings import LaunchSettings, launch_settings

DATABASES = {"task_service": "postgresql://a@db/task_service", "notification_worker": "postgresql://b@db/n"}
BROKER = {name: f"amqp://{name}@broker/taskify" for name in (*(user.name for user in USERS), ADMINISTRATOR)}


def settings(**values: Any) -> LaunchSettings:
    return LaunchSettings(_env_file=None, **values)


def environment(**values: Any) -> dict[str, str]:
    return system_environment(settings(**values), Path("/data"), databases=DATABASES, broker=BROKER)


def test_each_service_is_told_its_own_servers_only() -> None:
    own = environment()
    assert own["TASKIFY_TASK_DATABASE_URL"] == DATABASES["task_service"]
    assert own["TASKIFY_NOTIFICATION_DATABASE_URL"] == DATABASES["notification_worker"]
    assert own["TASKIFY_TASK_BROKER_URL"] == BROKER["task-service"]
    assert own["TASKIFY_NOTIFICATION_BROKER_URL"] == BROKER["notification-worker"]
    assert own["TASKIFY_GATEWAY_BROKER_URL"] == BROKER["ws-gateway"]
    assert own["TASKIFY_OPERATOR_BROKER_URL"] == BROKER["taskify-administrator"]


def test_public_addresses_follow_the_ports() -> None:
    own = environment(api_port=9000, notifications_port=9001, socket_port=9002)
    assert own["TASKIFY_PUBLIC_API_URL"] == "http://localhost:9000"
    assert own["TASKIFY_PUBLIC_NOTIFICATIONS_URL"] == "http://localhost:9001"
    assert own["TASKIFY_PUBLIC_SOCKET_URL"] == "ws://localhost:9002/ws"
    assert own["TASKIFY_ALLOWED_ORIGINS"] == '["http://localhost:9000", "http://127.0.0.1:9000"]'


def test_six_ports_differ_by_default_and_are_named_by_their_variables() -> None:
    ports = settings().ports
    assert len(set(ports.values())) == len(ports) == 6
    assert ports["TASKIFY_API_PORT"] == 8000


def test_own_machine_is_asked_on_the_loopback_address_when_all_are_listened_on() -> None:
    assert settings(host="0.0.0.0").reachable_host == "127.0.0.1"  # noqa: S104 (compared, not bound)
    assert settings(host="10.1.2.3").reachable_host == "10.1.2.3"


def test_address_of_an_existing_server_has_to_be_one() -> None:
    with pytest.raises(ValidationError):
        settings(postgres_url="mysql://db")


def test_port_given_twice_names_a_variable() -> None:
    with pytest.raises(PortTakenError, match="TASKIFY_A"):
        require_free("127.0.0.1", {"TASKIFY_A": 20_001, "TASKIFY_B": 20_001})


def test_database_url_keeps_host_and_options_and_quotes_the_password() -> None:
    url = database_url("postgresql://admin:x@db:5433/postgres?sslmode=require", "task_service", "a/b@c", "tasks")
    parts = urlsplit(url)
    assert (parts.hostname, parts.port, parts.path, parts.query) == ("db", 5433, "/tasks", "sslmode=require")
    assert (parts.username, unquote(parts.password or "")) == ("task_service", "a/b@c")


def test_the_ports_of_the_processes_without_an_api_lie_behind_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKIFY_API_PORT", "9500")
    monkeypatch.setenv("TASKIFY_WORKER_PORT", "9600")

    ports = launch_settings().ports

    assert ports["TASKIFY_TASK_RELAY_PORT"] == 9503
    assert ports["TASKIFY_WORKER_PORT"] == 9600
    assert ports["TASKIFY_NOTIFICATION_RELAY_PORT"] == 9505
