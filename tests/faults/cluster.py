"""A RabbitMQ of three nodes on one machine: quorum queues and the stream have a copy on each.

Each node keeps its ports, its name and its data when it is started again. They share a cookie and a port mapper of
their own, so that they meet nobody else.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from contracts.topology import USERS
from infra.broker.definitions import ADMINISTRATOR, VHOST, render, with_administrator, with_passwords
from infra.local.children import Children
from infra.local.leftovers import running
from infra.local.ports import LOOPBACK, free_ports
from infra.local.rabbitmq import find_rabbitmq

NODES = 3
_START_SECONDS = 120.0
_POLL_SECONDS = 0.2
_STAGE = 0
_GUEST = ("guest", "guest")


@dataclass(frozen=True)
class Node:
    number: int
    amqp: int
    management: int
    distribution: int

    @property
    def name(self) -> str:
        return f"taskify{self.number}@localhost"

    @property
    def management_url(self) -> str:
        return f"http://{LOOPBACK}:{self.management}"

    @property
    def child(self) -> str:
        return f"rabbitmq-{self.number}"


class Cluster:
    """All of it blocks; call it from a thread that lives as long as the nodes."""

    def __init__(self, children: Children, home: Path, password: str) -> None:
        scripts, epmd = find_rabbitmq(), shutil.which("epmd")
        assert scripts is not None
        assert epmd is not None
        self._scripts = scripts
        self._epmd = epmd
        self._children = children
        self._home = home
        self._folder = home / "cluster"
        self._password = password
        ports = free_ports(3 * NODES + 1)
        self._mapper = ports.pop()
        self.nodes = [Node(number + 1, *ports[3 * number : 3 * number + 3]) for number in range(NODES)]

    def start(self) -> None:
        """Start all nodes and load the topology when all are there, so that each queue gets a copy on each."""
        self._folder.mkdir(mode=0o700, parents=True)
        cookie = self._folder / ".erlang.cookie"
        cookie.write_text("ACOOKIEFORFAULTSONLY")
        cookie.chmod(0o400)
        command = [self._epmd, "-port", str(self._mapper), "-address", LOOPBACK]
        self._children.start("epmd", command, folder=self._folder, environment=self._common(), stage=_STAGE)
        while socket.socket().connect_ex((LOOPBACK, self._mapper)) != 0:
            time.sleep(_POLL_SECONDS)
        for node in self.nodes:
            self.start_node(node)
            self._wait(node)
        definitions = with_administrator(render(VHOST))
        passwords = dict.fromkeys((*(user.name for user in USERS), ADMINISTRATOR), self._password)
        with httpx.Client(base_url=self.nodes[0].management_url, auth=_GUEST, timeout=60, trust_env=False) as client:
            client.post("/api/definitions", json=with_passwords(definitions, passwords)).raise_for_status()

    def start_node(self, node: Node) -> None:
        self._configure(node)
        environment = self._common() | self._of(node)
        self._children.start(
            node.child,
            [self._scripts / "rabbitmq-server"],
            folder=self._folder,
            environment=environment,
            stage=_STAGE + 1,
            stop_signal=signal.SIGKILL,
        )

    def restart_node(self, node: Node) -> None:
        """Start a node that was killed, and wait until it takes connections."""
        self.start_node(node)
        self._wait(node)

    def kill_node(self, node: Node) -> None:
        started = next(entry for entry in running(self._home) if entry.name == node.child)
        os.kill(started.pid, signal.SIGKILL)
        while started.running:
            time.sleep(_POLL_SECONDS)

    def cut_off(self, node: Node) -> None:
        """Break its connections to the other nodes, and let it make no new ones; people still reach it."""
        self._evaluate(node, "[begin erlang:set_cookie(N, wrong), erlang:disconnect_node(N) end || N <- nodes()].")

    def let_back(self, node: Node) -> None:
        others = ", ".join(f"'{other.name}'" for other in self.nodes if other is not node)
        words = f"[begin erlang:set_cookie(N, erlang:get_cookie()), net_adm:ping(N) end || N <- [{others}]]."
        self._evaluate(node, words)
        self._wait(node)

    def leader_of(self, queue: str) -> Node:
        """Give the node that leads a queue, as far as any node knows."""
        leader = self.ask(f"/api/queues/{VHOST}/{queue}").get("leader")
        return next((node for node in self.nodes if node.name == leader), self.nodes[0])

    def ask(self, path: str) -> Any:
        for node in self.nodes:
            try:
                own = (ADMINISTRATOR, self._password)
                answer = httpx.get(f"{node.management_url}{path}", auth=own, timeout=20, trust_env=False)
                return answer.raise_for_status().json()
            except httpx.HTTPError:
                continue
        raise AssertionError("no node answers")

    def _evaluate(self, node: Node, words: str) -> None:
        command = [str(self._scripts / "rabbitmqctl"), "--node", node.name, "eval", words]
        environment = {"PATH": os.defpath, **self._common()}
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)

    def _wait(self, node: Node) -> None:
        deadline = time.monotonic() + _START_SECONDS
        url = f"{node.management_url}/api/health/checks/port-listener/{node.amqp}"
        while True:
            try:
                if httpx.get(url, auth=_GUEST, timeout=10, trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                pass
            assert time.monotonic() < deadline, f"{node.name} was not ready after {_START_SECONDS:g} s"
            time.sleep(_POLL_SECONDS)

    def _configure(self, node: Node) -> None:
        lines = [
            f"listeners.tcp.local = {LOOPBACK}:{node.amqp}",
            f"management.tcp.ip = {LOOPBACK}",
            f"management.tcp.port = {node.management}",
            "heartbeat = 20",
            "log.console = true",
            "log.file = false",
            "cluster_partition_handling = pause_minority",
            "cluster_formation.peer_discovery_backend = classic_config",
            *(f"cluster_formation.classic_config.nodes.{other.number} = {other.name}" for other in self.nodes),
        ]
        (self._folder / f"{node.number}.conf").write_text("\n".join(lines) + "\n")
        (self._folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (self._folder / "env.conf").write_text("")

    def _common(self) -> dict[str, str]:
        return {"HOME": str(self._folder), "ERL_EPMD_PORT": str(self._mapper), "ERL_EPMD_ADDRESS": LOOPBACK}

    def _of(self, node: Node) -> dict[str, str]:
        return {
            "RABBITMQ_NODENAME": node.name,
            "RABBITMQ_NODE_PORT": str(node.amqp),
            "RABBITMQ_DIST_PORT": str(node.distribution),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._folder),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / f"{node.number}.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "env.conf"),
            "RABBITMQ_PID_FILE": str(self._folder / f"{node.number}.pid"),
            # One thread for each node, which does not spin while it has nothing to do: three share the machine.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none",
            "ERL_CRASH_DUMP_SECONDS": "0",
            "RUNNING_UNDER_SYSTEMD": "true",
        }
