"""All secrets of a system in containers: `python -m infra.containers.first_start [rotate]`.

Each container mounts one of the folders below `/secrets`, a volume with what it needs and nothing else. The operator's
holds `secrets.json`, of which the others are made; what is there stays, so this may run at every start.
"""

import argparse
import fcntl
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from contracts.topology import NOTIFICATION_WORKER, TASK_SERVICE, WS_GATEWAY
from infra.broker.definitions import ADMINISTRATOR, VHOST, render, text, with_administrator, with_passwords
from infra.local.databases import database_url
from infra.local.errors import LaunchError
from infra.local.passwords import load_passwords, renew_service_passwords, replace_file

FOLDER = Path("/secrets")

POSTGRES = "postgres:5432"
RABBITMQ = "rabbitmq:5672"

_PASSWORD_BYTES = 24
# For containers whose user is another: the volume is theirs alone.
_READABLE = 0o444
_OURS = 0o400
_OTHERS_SECONDS = 30.0
_POLL_SECONDS = 0.05

# `load_definitions` makes users, rights, queues and bindings at every start, and no guest. Quorum queues keep their
# write-ahead log in memory until it is that large; its default, 512 MiB, would be all that the watermark allows.
_RABBITMQ_CONFIGURATION = """\
listeners.tcp.default = 5672
management.tcp.port = 15672
load_definitions = /run/taskify/definitions.json
heartbeat = 20
vm_memory_high_watermark.absolute = 512MB
raft.wal_max_size_bytes = 67108864
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
    replace_file(folder / "postgres" / "password", passwords.postgres, mode=_READABLE)
    replace_file(folder / "rabbitmq" / "definitions.json", definitions, mode=_READABLE)
    replace_file(folder / "rabbitmq" / "rabbitmq.conf", _RABBITMQ_CONFIGURATION, mode=_READABLE)
    _write_environment(
        folder / "operator",
        {
            "TASKIFY_POSTGRES_URL": postgres,
            "TASKIFY_RABBITMQ_URL": broker(ADMINISTRATOR),
            "TASKIFY_OPERATOR_BROKER_URL": broker(ADMINISTRATOR),
            "TASKIFY_TASK_DATABASE_URL": database("task_service"),
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
        replace_file(grafana, secrets.token_urlsafe(_PASSWORD_BYTES), mode=_READABLE)


@contextmanager
def only_writer(folder: Path = FOLDER, seconds: float = _OTHERS_SECONDS) -> Iterator[None]:
    """Let nobody else write secrets meanwhile: a rotation beside a start would leave passwords that do not fit.

    Raises:
        LaunchError: another holds the folder for longer than `seconds`.
    """
    operator = os.open(folder / "operator", os.O_RDONLY)
    try:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(operator, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LaunchError("Another container has been writing the secrets for too long.") from None
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(operator)


def _write_environment(folder: Path, variables: Mapping[str, str]) -> None:
    lines = "".join(f"{name}='{value}'\n" for name, value in variables.items())
    replace_file(folder / "environment", lines, mode=_OURS)


def main() -> int:
    """Write all secrets; `rotate` makes new passwords for the services first."""
    parser = argparse.ArgumentParser(prog="python -m infra.containers.first_start", description=__doc__)
    parser.add_argument("deed", nargs="?", choices=["rotate"], help="new passwords for all services")
    deed = parser.parse_args().deed
    try:
        with only_writer():
            if deed == "rotate":
                renew_service_passwords(FOLDER / "operator")
            write_secrets()
    except LaunchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"The secrets are in {FOLDER}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
