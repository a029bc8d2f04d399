"""`up`: everything in order, then watch until somebody stops it or a part dies."""

import asyncio
import time
from pathlib import Path
from typing import NoReturn

from infra.backup.restoring import restore
from infra.broker.definitions import ADMINISTRATOR, VHOST
from infra.local.children import Children, all_children
from infra.local.databases import create_service_databases
from infra.local.demo import PASSWORD, PEOPLE, fill_demo
from infra.local.environment import system_environment, write_environment
from infra.local.existing_broker import set_up_broker
from infra.local.leftovers import stop_leftovers
from infra.local.lock import only_launcher
from infra.local.passwords import Passwords, load_passwords
from infra.local.ports import require_free
from infra.local.postgres import start_postgres
from infra.local.processes import MIGRATED, PROCESSES, migrate, start_process, wait_until_ready
from infra.local.rabbitmq import start_rabbitmq
from infra.local.settings import LaunchSettings
from infra.local.signals import StopRequestedError, stop_on_signals
from infra.local.steps import say, step

# Stages stop in reverse order: the six processes first, then the servers, RabbitMQ's port mapper last.
_SERVERS, _PROCESSES = 0, 2
_WATCH_SECONDS = 0.5
_INTERRUPTED = 130


def up(settings: LaunchSettings, home: Path, backup: Path | None = None) -> int:
    """Run the whole system until it is stopped; give the exit code. With a `backup`, new databases are filled from it.

    Raises:
        LaunchError: it could not be started, or a part of it died. What was started is stopped by then.
        BackupError: the databases could not be restored.
    """
    ready = False
    say(f"Taskify, data in {home}")
    try:
        with only_launcher(home), all_children(home) as children, stop_on_signals():
            for name in stop_leftovers(home):
                say(f"  stopped {name}, left over from an earlier start")
            require_free(settings.host, settings.ports)
            try:
                _start(settings, home, children, backup)
                ready = True
                watch(children)
            finally:
                say("Stopping")
    except StopRequestedError:
        say("Stopped." if ready else "Stopped before it was ready.")
    return 0 if ready else _INTERRUPTED


def _start(settings: LaunchSettings, home: Path, children: Children, backup: Path | None) -> None:
    passwords = load_passwords(home)
    databases = _start_postgres(settings, home, children, passwords)
    if backup is not None:
        with step(f"Restoring {backup}") as current:
            restored = asyncio.run(restore(backup, databases))
            current.note = f"as of {restored.manifest.taken_at.isoformat(timespec='seconds')}, every table counted"
        say(restored.table())
        _demo_is_due(home).unlink(missing_ok=True)
    broker = _start_broker(settings, home, children, passwords)
    write_environment(home, system_environment(settings, home, databases=databases, broker=broker))
    environment = {"TASKIFY_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    for service in MIGRATED:
        with step(f"Migrations of {service}"):
            migrate(children, service, environment, stage=_PROCESSES)
    started = [(process, start_process(children, process, environment, stage=_PROCESSES)) for process in PROCESSES]
    for process, child in started:
        with step(f"{process.name} ready") as current:
            wait_until_ready(child, process, settings)
            current.note = f"port {settings.ports[process.port_variable]}"
    _fill_demo_once(settings, home)
    say(f"\nTaskify is at http://localhost:{settings.api_port}   (Ctrl-C stops it; logs in {home / 'logs'})")
    if _demo_is_there(home).exists():
        say(f"Log in as {', '.join(person.email for person in PEOPLE)}; the password of all is {PASSWORD}")


def _start_postgres(settings: LaunchSettings, home: Path, children: Children, passwords: Passwords) -> dict[str, str]:
    with step("PostgreSQL") as current:
        if settings.postgres_url:
            url, current.note = settings.postgres_url, "existing server"
        else:
            first = not (home / "postgres").exists()
            url = start_postgres(children, home / "postgres", password=passwords.postgres, stage=_SERVERS).url
            current.note = "new private server" if first else "private server"
        databases, made = asyncio.run(create_service_databases(url, passwords.roles))
        if made and settings.demo:
            _demo_is_due(home).touch()
    return databases


def _start_broker(settings: LaunchSettings, home: Path, children: Children, passwords: Passwords) -> dict[str, str]:
    with step("RabbitMQ") as current:
        if settings.rabbitmq_url:
            current.note = "existing server"
            services = {user: word for user, word in passwords.broker.items() if user != ADMINISTRATOR}
            urls = set_up_broker(settings.rabbitmq_url, settings.rabbitmq_management_url, services)
            return {**urls, ADMINISTRATOR: settings.rabbitmq_url}
        first = not (home / "rabbitmq").exists()
        node = start_rabbitmq(children, home / "rabbitmq", passwords=passwords.broker, stage=_SERVERS)
        current.note = "new private node" if first else "private node"
        return {user: node.url(VHOST, user, word) for user, word in passwords.broker.items()}


def _fill_demo_once(settings: LaunchSettings, home: Path) -> None:
    """Fill in the demo after the start that made the databases, or the first later one that gets this far."""
    due = _demo_is_due(home)
    if not due.exists():
        return
    with step("Demo"):
        if fill_demo(f"http://{settings.reachable_host}:{settings.api_port}"):
            _demo_is_there(home).touch()
    due.unlink()


def _demo_is_due(home: Path) -> Path:
    return home / "demo-is-due"


def _demo_is_there(home: Path) -> Path:
    return home / "demo-is-there"


def watch(children: Children) -> NoReturn:
    """Wait for ever.

    Raises:
        ChildError: a child has ended.
    """
    while True:
        dead = children.dead()
        if dead is not None:
            raise dead.failure(f"stopped by itself (exit code {dead.process.returncode})")
        time.sleep(_WATCH_SECONDS)
