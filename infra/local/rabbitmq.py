"""A private RabbitMQ node in a folder: the system's program, our own name, ports, cookie and data.

The Erlang port mapper (epmd) is a child of its own, in the foreground and on a private port: started by the node it
would stay behind. The node name is the same in every folder, since it is unique only within a port mapper.
"""

import re
import shutil
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.broker.definitions import (
    ADMINISTRATOR,
    Definitions,
    major_version,
    render,
    text,
    with_administrator,
    with_passwords,
)
from infra.local.children import Child, Children
from infra.local.errors import MissingProgramError
from infra.local.ports import LOOPBACK, free_ports

NODE = "taskify@localhost"

_PLACES = (
    Path("/usr/lib/rabbitmq/bin"),  # Debian; the wrapper in /usr/sbin insists on a user of its own
    Path("/opt/rabbitmq/sbin"),  # RabbitMQ's container images
)
_START_SECONDS = 300.0
_POLL_SECONDS = 0.1
_HEARTBEAT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class RabbitNode:
    """Where the node answers; `password` is the administrator's."""

    amqp_port: int
    management_url: str
    password: str

    @property
    def address(self) -> str:
        """Host and port for AMQP."""
        return f"{LOOPBACK}:{self.amqp_port}"

    def url(self, vhost: str, user: str = ADMINISTRATOR, password: str | None = None) -> str:
        """Give the AMQP address of one user."""
        return f"amqp://{user}:{password or self.password}@{self.address}/{vhost}"


def find_rabbitmq() -> Path | None:
    """Give the folder of RabbitMQ's own scripts, if it is installed."""
    return next((place for place in _PLACES if (place / "rabbitmq-server").is_file()), None)


def start_rabbitmq(
    children: Children,
    folder: Path,
    *,
    passwords: Mapping[str, str],
    stage: int,
    durable: bool = True,
    metrics_port: int | None = None,
) -> RabbitNode:
    """Start a node on the folder and wait until it answers; users, rights and topology are loaded at every start.

    `passwords` holds one for each service of the topology and one for the administrator. A node that is not `durable`
    is killed instead of asked to stop: tests throw its folder away, and asking takes six seconds. With a `metrics_port`
    it answers Prometheus there.

    Raises:
        MissingProgramError: RabbitMQ is not installed.
        ChildError: the node did not start.
    """
    scripts = find_rabbitmq()
    epmd = shutil.which("epmd")
    if scripts is None or epmd is None:
        raise MissingProgramError("RabbitMQ is not installed. Install it (Debian: apt-get install rabbitmq-server).")
    folder = folder.resolve()
    amqp, management, distribution, mapper = free_ports(4)
    definitions = _private_definitions(scripts, passwords)
    _write_configuration(folder, definitions, amqp=amqp, management=management, metrics=metrics_port)
    environment = {"HOME": str(folder), "ERL_EPMD_PORT": str(mapper), "ERL_EPMD_ADDRESS": LOOPBACK}
    epmd_child = children.start(
        "epmd", [epmd, "-port", str(mapper), "-address", LOOPBACK], folder=folder, environment=environment, stage=stage
    )
    _wait_for_port_mapper(epmd_child, mapper)
    child = children.start(
        "rabbitmq",
        [scripts / "rabbitmq-server"],
        folder=folder,
        environment=environment | _node_environment(folder, amqp, distribution),
        stage=stage + 1,
        stop_signal=signal.SIGTERM if durable else signal.SIGKILL,
    )
    node = RabbitNode(amqp, f"http://{LOOPBACK}:{management}", passwords[ADMINISTRATOR])
    _wait_until_ready(child, node)
    return node


def _private_definitions(scripts: Path, passwords: Mapping[str, str]) -> Definitions:
    major = major_version(_version(scripts))
    return with_passwords(with_administrator(render(rabbitmq_major=major)), passwords)


def _version(scripts: Path) -> str:
    """Read RabbitMQ's version from the name of its main plugin: its own command takes seconds to say it."""
    for plugin in scripts.parent.resolve().glob("**/plugins/rabbit-[0-9]*"):
        found = re.search(r"rabbit-(\d+[.]\d+[.]\d+)", plugin.name)
        if found:
            return found.group(1)
    raise MissingProgramError(f"The RabbitMQ at {scripts} is not complete: its plugins are missing.")


def _write_configuration(
    folder: Path, definitions: Definitions, *, amqp: int, management: int, metrics: int | None
) -> None:
    plugins = ["rabbitmq_management"] + ["rabbitmq_prometheus"] * (metrics is not None)
    own = () if metrics is None else (f"prometheus.tcp.ip = {LOOPBACK}", f"prometheus.tcp.port = {metrics}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = {
        "definitions.json": text(definitions),
        "enabled_plugins": f"[{', '.join(plugins)}].\n",
        "rabbitmq-env.conf": "",
        "rabbitmq.conf": "\n".join(
            (
                f"listeners.tcp.local = {LOOPBACK}:{amqp}",
                f"management.tcp.ip = {LOOPBACK}",
                f"management.tcp.port = {management}",
                *own,
                f"load_definitions = {folder / 'definitions.json'}",
                f"heartbeat = {_HEARTBEAT_SECONDS}",
                "log.console = true",
                "log.console.level = info",
                "log.console.use_colors = off",
                "log.file = false",
                "",
            )
        ),
    }
    for name, content in files.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(content)


def _node_environment(folder: Path, amqp: int, distribution: int) -> dict[str, str]:
    return {
        "RABBITMQ_NODENAME": NODE,
        "RABBITMQ_NODE_PORT": str(amqp),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
        "RABBITMQ_PID_FILE": str(folder / "rabbitmq.pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_CRASH_DUMP_SECONDS": "0",
        # The script then becomes the node instead of standing in front of it: signals reach the node itself.
        "RUNNING_UNDER_SYSTEMD": "true",
    }


def _wait_for_port_mapper(child: Child, port: int) -> None:

    deadline = time.monotonic() + _START_SECONDS
    while child.running and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(_POLL_SECONDS)
    raise child.failure("did not start")


def _wait_until_ready(child: Child, node: RabbitNode) -> None:
    deadline = time.monotonic() + _START_SECONDS
    health = f"{node.management_url}/api/health/checks/port-listener/{node.amqp_port}"
    with httpx.Client(auth=(ADMINISTRATOR, node.password), trust_env=False) as client:
        while child.running:
            try:
                if client.get(health).is_success:
                    return
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline:
                raise child.failure(f"was not ready after {_START_SECONDS:g} s")
            time.sleep(_POLL_SECONDS)
    raise child.failure("stopped while it was starting")
