"""`$TASKIFY_HOME/environment`: what every `python -m` command of ours reads to find the running system."""

import json
from collections.abc import Mapping
from pathlib import Path

from contracts.topology import NOTIFICATION_WORKER, TASK_SERVICE, WS_GATEWAY
from infra.broker.definitions import ADMINISTRATOR
from infra.local.passwords import write_private
from infra.local.settings import LaunchSettings


def system_environment(
    settings: LaunchSettings, home: Path, *, databases: Mapping[str, str], broker: Mapping[str, str]
) -> dict[str, str]:
    """Give the variables of the six processes; `databases` are by role, `broker` by broker user."""
    api = f"http://localhost:{settings.api_port}"
    return {
        "TASKIFY_HOST": settings.host,
        **{variable: str(port) for variable, port in settings.ports.items()},
        "TASKIFY_TASK_DATABASE_URL": databases["task_service"],
        "TASKIFY_NOTIFICATION_DATABASE_URL": databases["notification_worker"],
        "TASKIFY_TASK_BROKER_URL": broker[TASK_SERVICE],
        "TASKIFY_NOTIFICATION_BROKER_URL": broker[NOTIFICATION_WORKER],
        "TASKIFY_GATEWAY_BROKER_URL": broker[WS_GATEWAY],
        "TASKIFY_OPERATOR_BROKER_URL": broker[ADMINISTRATOR],
        "TASKIFY_JWKS_URL": f"http://{settings.reachable_host}:{settings.api_port}/.well-known/jwks.json",
        "TASKIFY_SIGNING_KEYS": str(home / "signing-keys"),
        "TASKIFY_PUBLIC_API_URL": api,
        "TASKIFY_PUBLIC_NOTIFICATIONS_URL": f"http://localhost:{settings.notifications_port}",
        "TASKIFY_PUBLIC_SOCKET_URL": f"ws://localhost:{settings.socket_port}/ws",
        "TASKIFY_ALLOWED_ORIGINS": json.dumps([api, f"http://127.0.0.1:{settings.api_port}"]),
        "TASKIFY_WEB_DIRECTORY": str(settings.web_directory),
    }


def write_environment(home: Path, environment: Mapping[str, str]) -> None:
    """Write the file; it holds passwords, so only its owner can read it."""
    lines = "".join(f"{name}='{value}'\n" for name, value in environment.items())
    write_private(home / "environment", lines)
