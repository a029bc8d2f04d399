"""The six processes: how each is started, on which port it answers, and when it is ready."""

import sys
import time
from dataclasses import dataclass

import httpx

from infra.local.children import Child, Children
from infra.local.settings import REPOSITORY, LaunchSettings

_READY_SECONDS = 300.0
_ANSWER_SECONDS = 15.0
_POLL_SECONDS = 0.1
_MIGRATE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Process:
    name: str
    module: str
    arguments: tuple[str, ...]
    port_variable: str


PROCESSES = (
    Process("task-api", "task_service", ("api",), "TASKIFY_API_PORT"),
    Process("task-relay", "task_service", ("relay",), "TASKIFY_TASK_RELAY_PORT"),
    Process("worker", "notification_worker", ("worker",), "TASKIFY_WORKER_PORT"),
    Process("notification-api", "notification_worker", ("api",), "TASKIFY_NOTIFICATIONS_PORT"),
    Process("notification-relay", "notification_worker", ("relay",), "TASKIFY_NOTIFICATION_RELAY_PORT"),
    Process("gateway", "ws_gateway", (), "TASKIFY_SOCKET_PORT"),
)

MIGRATED = ("task_service", "notification_worker")


def start_process(children: Children, process: Process, environment: dict[str, str], *, stage: int) -> Child:
    """Start one of the six; it is not ready yet."""
    return children.start(
        process.name,
        [sys.executable, "-m", process.module, *process.arguments],
        folder=REPOSITORY,
        environment=environment,
        stage=stage,
    )


def wait_until_ready(child: Child, process: Process, settings: LaunchSettings) -> None:
    """Ask for `/health/ready` until the answer is yes.

    Raises:
        ChildError: it stopped, or was not ready in time; the message says what it was still waiting for.
    """
    url = f"http://{settings.reachable_host}:{settings.ports[process.port_variable]}/health/ready"
    deadline = time.monotonic() + _READY_SECONDS
    last = "it does not answer"
    with httpx.Client(timeout=_ANSWER_SECONDS, trust_env=False) as client:
        while child.running:
            try:
                answer = client.get(url)
            except httpx.TransportError as error:
                last = f"it does not answer ({type(error).__name__})"
            else:
                if answer.is_success:
                    return
                last = answer.text
            if time.monotonic() > deadline:
                raise child.failure(f"was not ready after {_READY_SECONDS:g} s ({last})")
            time.sleep(_POLL_SECONDS)
    raise child.failure(f"stopped while it was starting (exit code {child.process.returncode})")


def migrate(children: Children, service: str, environment: dict[str, str], *, stage: int) -> None:
    """Bring the database of a service to the newest version.

    Raises:
        ChildError: the migration failed or took longer than 5 minutes.
    """
    children.run(
        f"migrate-{service.replace('_', '-')}",
        [sys.executable, "-m", service, "migrate"],
        folder=REPOSITORY,
        environment=environment,
        stage=stage,
        seconds=_MIGRATE_SECONDS,
    )
