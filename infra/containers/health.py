"""The health check of the image: `python -m infra.containers.health`, whatever process the container runs.

It looks which of our processes run in its container, and asks each of them whether it is ready. Ports are what they are
by default: in a container nobody else wants them. Engines run this every few seconds, so it imports next to nothing:
`http.client` alone would double its time.
"""

import socket
import sys
from collections.abc import Iterable
from pathlib import Path

PORTS = {
    ("task_service", "api"): 8000,
    ("notification_worker", "api"): 8001,
    ("ws_gateway",): 8002,
    ("task_service", "relay"): 8003,
    ("notification_worker", "worker"): 8004,
    ("notification_worker", "relay"): 8005,
}

_WHOLE_SYSTEM = ("infra.local", "up")
_ANSWER_SECONDS = 4.0
_BLOCK_BYTES = 65_536
_QUESTION = b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def commands(processes: Path = Path("/proc")) -> list[tuple[str, ...]]:
    """Give what follows `python -m` of each process in this container."""
    found = []
    for file in processes.glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().decode(errors="replace").rstrip("\0").split("\0")
        except OSError:  # it has ended meanwhile
            continue
        if "-m" in words[1:3]:
            found.append(tuple(words[words.index("-m") + 1 :]))
    return found


def ports_of(running: Iterable[tuple[str, ...]]) -> list[int]:
    """Give the ports that must be ready; all six while the whole system is being started or runs."""
    wanted = list(running)
    if _WHOLE_SYSTEM in wanted:
        return sorted(PORTS.values())
    return sorted({PORTS[words] for words in wanted if words in PORTS})


def ask(port: int) -> str | None:
    """Say what is wrong with the process on a port; None when it is ready."""
    try:
        with socket.socket() as connection:
            connection.settimeout(_ANSWER_SECONDS)
            connection.connect(("127.0.0.1", port))
            connection.sendall(_QUESTION)
            answer = b"".join(iter(lambda: connection.recv(_BLOCK_BYTES), b"")).decode(errors="replace")
    except OSError as error:
        return f"port {port} does not answer: {error!r}"
    status, _, body = answer.partition("\r\n\r\n")
    return None if status.startswith("HTTP/1.1 200 ") else f"port {port}: {body or answer or 'it hangs up'}"


def main() -> int:
    """Ask; 0 when everything here is ready. What is wrong goes into the engine's record of the check."""
    ports = ports_of(commands())
    wrong = [problem for problem in map(ask, ports) if problem is not None]
    if not ports:
        wrong = ["no process of Taskify runs here"]
    sys.stdout.writelines(f"{problem}\n" for problem in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
