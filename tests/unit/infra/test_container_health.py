import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.containers.health import PORTS, ask, commands, ports_of
from infra.local.processes import PROCESSES
from infra.local.settings import REPOSITORY, LaunchSettings


def test_it_asks_each_process_where_it_listens_by_default() -> None:
    ports = LaunchSettings(_env_file=None).ports
    assert {(each.module, *each.arguments): ports[each.port_variable] for each in PROCESSES} == PORTS


def test_it_finds_our_processes_among_others(tmp_path: Path) -> None:
    lines = {
        "1": ["/sbin/docker-init", "--", "python", "-m", "task_service", "relay"],
        "7": ["python", "-m", "task_service", "relay"],
        "20": ["python", "-m", "infra.containers.health"],
        "21": ["bash"],
        "self": ["python", "-m", "ws_gateway"],
    }
    for name, words in lines.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "cmdline").write_bytes("".join(f"{word}\0" for word in words).encode())
    (tmp_path / "30").mkdir()

    assert ports_of(commands(tmp_path)) == [8003]


def test_while_the_whole_system_starts_all_six_have_to_be_ready() -> None:
    assert ports_of([("infra.local", "up")]) == [8000, 8001, 8002, 8003, 8004, 8005]
    assert ports_of([("task_service", "migrate")]) == []


def test_only_a_process_that_says_it_is_ready_is_well() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as port:
        assert ask(port) is None
    with answering(b'HTTP/1.1 503 Service Unavailable\r\n\r\n{"broker": "away"}') as port:
        assert ask(port) == f'port {port}: {{"broker": "away"}}'
    with answering(b"") as port:
        assert ask(port) == f"port {port}: it hangs up"
    assert "does not answer" in (ask(port) or "")


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Answer one request on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_compose_asks_every_process_of_ours_with_the_check_of_the_image() -> None:
    compose, image = ((REPOSITORY / name).read_text() for name in ("compose.yaml", "infra/containers/Dockerfile"))
    services = dict(re.findall(r"^  ([a-z-]+):\n((?:    .*\n|\n)+)", compose, re.MULTILINE))
    (common,) = re.findall(r"^x-process:.*\n((?:  .*\n)+)", compose, re.MULTILINE)

    assert {process.name for process in PROCESSES} == {
        name for name, text in services.items() if "<<: *process\n" in text
    }
    for process in PROCESSES:
        service = services[process.name]
        assert f"    command: [{', '.join((process.module, *process.arguments))}]\n" in service
        assert "healthcheck" not in service + common
        assert (process.module, *process.arguments) in PORTS
    assert re.search(r'^HEALTHCHECK .* CMD \["python", "-m", "infra\.containers\.health"\]$', image, re.MULTILINE)


def test_compose_lets_nobody_in_before_what_is_behind_the_front_is_ready() -> None:
    compose = (REPOSITORY / "compose.yaml").read_text()
    (front,) = re.findall(r"^  web:\n.*?    depends_on:\n((?:      .*\n)+)", compose, re.MULTILINE | re.DOTALL)

    waited_for = re.findall(r"(\S+): \{ condition: service_healthy \}", front)
    assert waited_for == ["task-api", "notification-api", "gateway"]
