"""Which ports are free, and which are ours."""

import random
import socket
from collections.abc import Mapping

from infra.local.errors import PortTakenError

LOOPBACK = "127.0.0.1"

# Below the range from which Linux takes the ports of outgoing connections, so that none of those takes it meanwhile.
_PRIVATE_PORTS = range(20_000, 32_000)
_TRIES = 100


def free_ports(count: int) -> list[int]:
    """Choose ports of the loopback address that nobody listens on, all different."""
    chosen: list[int] = []
    # The system's randomness: tests that run side by side seed Python's own alike, and would all choose the same ports.
    for port in random.SystemRandom().sample(_PRIVATE_PORTS, _TRIES):
        if is_free(LOOPBACK, port):
            chosen.append(port)
        if len(chosen) == count:
            return chosen
    raise PortTakenError(f"no {count} free ports found between {_PRIVATE_PORTS[0]} and {_PRIVATE_PORTS[-1]}")


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    try:
        with socket.create_server((host, port)):
            return True
    except OSError:
        return False


def require_free(host: str, ports: Mapping[str, int]) -> None:
    """Check the ports of settings, named by their variables.

    Raises:
        PortTakenError: names the first taken port, and the variable that chooses another.
    """
    twice = {port for port in ports.values() if list(ports.values()).count(port) > 1}
    for variable, port in ports.items():
        if port in twice:
            raise PortTakenError(f"Port {port} is given to more than one process; change {variable}.")
        if not is_free(host, port):
            raise PortTakenError(f"Port {port} of {host} is taken by another program. Set {variable} to another one.")
