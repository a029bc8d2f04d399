"""All secrets of a system in containers: `python -m infra.containers.first_start [rotate]`.

Each container mounts one of the folders below `/secrets`, a volume with what it needs and nothing else. The operator's
holds `secrets.json`, of which the others are made; what is there stays, so this may run at every start.
"""

import argparse
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from contracts.topology import NOTIFICATION_WORKER, TASK_SERVICE, WS_GATEWAY
from infra.broker.definitions import ADMINISTRATOR, VHOST, render, text, with_administrator, with_passwords
from infra.local.databases import database_url
from infra.local.errors import LaunchError
from infra.local.passwords import Passwords, load_passwords, write_private

FOLDER = Path("/secrets")

POSTGRES = "postgres:5432"
RABBITMQ = "rabbitmq:5672"

_PASSWORD_BYTES = 24
# For containers whose user is another: the volume is theirs alone.
_READABLE = 0o444
_OURS = 0o400

# `load_definitions` makes users, rights, queues and bindings at every start, and no guest.
_RABBITMQ_CONFIGURATION = """\
listeners.tcp.default = 5672
management.tcp.port = 15672
load_definitions = /run/taskify/definitions.json
heartbeat = 20
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 512MB
log.console = true
log.console.level = info
log.console.use_colors = off
log.file = false
"""


def write_secrets(folder: Path = FOLDER) -> None:
    """Make what is missing, and write what follows from it.

    Raises:
        BrokenDataError: `secrets.json` is damaged.
    """
    passwords = load_passwords(folder / "operator")
    postgres = f"postgresql://postgres:{quote(passwords.postgres, safe='')}@{POSTGRES}/postgres"

    def database(role: str) -> str:
        return database_url(postgres, role, passwords.roles[role], role)

    def broker(user: str) -> str:
        return f"amqp://{user}:{quote(passwords.broker[user], safe='')}@{RABBITMQ}/{VHOST}"

    definitions = text(with_passwords(with_administrator(render()), passwords.broker))
    _write(folder / "postgres" / "password", passwords.postgres, _READABLE)
    _write(folder / "rabbitmq" / "definitions.json", definitions, _READABLE)
    _write(folder / "rabbitmq" / "rabbitmq.conf", _RABBITMQ_CONFIGURATION, _READABLE)
    _write_environment(
        folder / "operator",
        {
            "TASKIFY_POSTGRES_URL": postgres,
            "TASKIFY_RABBITMQ_URL": broker(ADMINISTRATOR),
            "TASKIFY_OPERATOR_BROKER_URL": broker(ADMINISTRATOR),
            "TASKIFY_NOTIFICATION_DATABASE_URL": database("notification_worker"),
        },
    )
    _write_environment(
        folder / TASK_SERVICE,
        {"TASKIFY_TASK_DATABASE_URL": database("task_service"), "TASKIFY_TASK_BROKER_URL": broker(TASK_SERVICE)},
    )
    _write_environment(
        folder / NOTIFICATION_WORKER,
        {
            "TASKIFY_NOTIFICATION_DATABASE_URL": database("notification_worker"),
            "TASKIFY_NOTIFICATION_BROKER_URL": broker(NOTIFICATION_WORKER),
        },
    )
    _write_environment(folder / WS_GATEWAY, {"TASKIFY_GATEWAY_BROKER_URL": broker(WS_GATEWAY)})
    grafana = folder / "grafana" / "password"
    if not grafana.exists():
        _write(grafana, secrets.token_urlsafe(_PASSWORD_BYTES), _READABLE)


def forget_service_passwords(folder: Path = FOLDER) -> None:
    """Let the next writing make new ones for all services; the administrators keep theirs."""
    home = folder / "operator"
    now = load_passwords(home)
    kept = Passwords(postgres=now.postgres, roles={}, broker={ADMINISTRATOR: now.broker[ADMINISTRATOR]})
    new = home / "secrets.new"
    write_private(new, kept.model_dump_json(indent=2) + "\n")
    new.replace(home / "secrets.json")


def _write_environment(folder: Path, variables: Mapping[str, str]) -> None:
    _write(folder / "environment", "".join(f"{name}='{value}'\n" for name, value in variables.items()), _OURS)


def _write(file: Path, content: str, mode: int) -> None:
    """Put a new file in the place of the old one, so that nobody reads half of it."""
    new = file.with_name(f"{file.name}.new")
    write_private(new, content)
    new.chmod(mode)
    new.replace(file)


def main() -> int:
    """Write all secrets; `rotate` makes new passwords for the services first."""
    parser = argparse.ArgumentParser(prog="python -m infra.containers.first_start", description=__doc__)
    parser.add_argument("deed", nargs="?", choices=["rotate"], help="new passwords for all services")
    try:
        if parser.parse_args().deed == "rotate":
            forget_service_passwords()
        write_secrets()
    except LaunchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"The secrets are in {FOLDER}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
