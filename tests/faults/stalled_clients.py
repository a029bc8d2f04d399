"""A thousand clients that read nothing, at one gateway: `python -m tests.faults.stalled_clients`.

Beside them a hundred windows read. Everybody is sent frames until all who do not read are gone; then a thousand others
come. Printed: how the gateway's memory went, how the stalled ones were closed, and how long a frame took to those who
read. Exit codes: 0 the gateway closed each of them with 4002, within its buffer's bound, the second thousand needed no
more memory than the first, and the others got everything; 1 it was not so.
"""

import argparse
import asyncio
import json
import logging
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from statistics import quantiles
from uuid import UUID, uuid4

import aio_pika
import httpx
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from contracts.socket.close_codes import CloseCode
from contracts.topology import DELIVERIES, NOTIFICATION_WORKER, WS_GATEWAY
from infra.local.ports import free_ports
from tests.faults.parts import Part
from tests.faults.schedule import say
from tests.faults.servers import Servers
from tests.support.tokens import Signer, published

READERS = 100
FRAME_BYTES = 30_000
"""So many that the bound is reached before the kernel gives up a peer that takes nothing, after 20 s."""

ROUND_SECONDS = 0.5
PATIENCE_SECONDS = 120.0
MEBIBYTES_A_CLIENT = 0.3
"""The gateway's own buffer for a window (256 KiB), and what it is made of."""

WAVES = 2
LARGEST_GROWTH = 1.15
"""From wave to wave: what the first left is used again."""

_PEOPLE_A_MESSAGE = 20
_RECEIVE_BUFFER_BYTES = 4_096


class Crowd:
    def __init__(self, signer: Signer, url: str) -> None:
        self._signer = signer
        self._url = url
        self.people: list[UUID] = []
        self.stalled: list[ClientConnection] = []
        self.reading: list[ClientConnection] = []
        self.delays: list[float] = []

    async def join(self, stack: AsyncExitStack, *, reads: bool) -> None:
        """Connect as a new person, and wait for READY."""
        person = uuid4()
        raw = socket.socket()
        # Whoever does not read has little room in the kernel, as after a network that has become slow.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", int(self._url.split(":")[2].split("/")[0])))
        opened = connect(self._url, sock=raw, compression=None, ping_interval=None, max_queue=1, close_timeout=1)
        connection = await stack.enter_async_context(opened)
        await connection.send(json.dumps({"type": "AUTH", "payload": {"token": self._signer.token(person)}}))
        assert json.loads(await connection.recv())["type"] == "READY"
        self.people.append(person)
        (self.reading if reads else self.stalled).append(connection)
        if not reads:
            connection.transport.pause_reading()

    async def read(self, connection: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for text in connection:
                frame = json.loads(text)
                if frame["type"] == "REMOVED":
                    self.delays.append(time.time() - frame["payload"]["sent_at"])

    async def how_closed(self) -> Counter[str]:
        """Let the stalled ones read what is left for them, up to how it ended."""

        async def end(connection: ClientConnection) -> str:
            with suppress(RuntimeError):
                connection.transport.resume_reading()
            with suppress(WebSocketException, OSError, TimeoutError):
                async with asyncio.timeout(10):
                    while True:
                        await connection.recv()
            return "still open" if connection.close_code is None else str(connection.close_code)

        return Counter(await asyncio.gather(*(end(connection) for connection in self.stalled)))


async def main(count: int, home: Path) -> int:
    signer = Signer()
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(Servers.started(home))
        jwks = stack.enter_context(published(signer))
        gateway = await stack.enter_async_context(_gateway(servers, home, jwks, count))
        crowd = Crowd(signer, f"ws://127.0.0.1:{gateway.port}/ws")
        for _ in range(READERS):
            await crowd.join(stack, reads=True)
        rounds, most = 0, [gateway.resident_mebibytes()]
        async with asyncio.TaskGroup() as group:
            reading = [group.create_task(crowd.read(connection)) for connection in crowd.reading]
            for _ in range(WAVES):
                for _ in range(count):
                    await crowd.join(stack, reads=False)
                say(
                    f"{count} clients do not read, {READERS} do; the gateway has {gateway.resident_mebibytes():.0f} MiB"
                )
                peak, seconds, rounds = await _send_until_all_are_gone(servers, gateway, crowd, rounds)
                most.append(peak)
                say(f"all gone in {seconds:.0f} s; {peak:.0f} MiB at most")
            await _until(lambda: len(crowd.delays) >= rounds * READERS)
            for task in reading:
                task.cancel()
        too_slow = await _closed_as_too_slow(gateway)
        closed = await crowd.how_closed()
        worst = quantiles(crowd.delays, n=100)
        say(f"closed by the gateway with {CloseCode.TOO_SLOW:d}: {too_slow} of {WAVES * count}")
        say(f"seen by the clients: {dict(closed)} (1006: cut, since its goodbye was not read either)")
        say(f"readers: {len(crowd.delays)} of {rounds * READERS} frames of {FRAME_BYTES} bytes")
        say(f"their delay: median {worst[49] * 1000:.0f} ms, p99 {worst[98] * 1000:.0f} ms")
        before, first, *later = most
        whole = len(crowd.delays) == rounds * READERS
        closed_so = too_slow == WAVES * count and "still open" not in closed
        bounded = first < before + count * MEBIBYTES_A_CLIENT and max(later) < first * LARGEST_GROWTH
    return 0 if whole and closed_so and bounded else 1


async def _until(holds: Callable[[], bool]) -> None:
    """Wait for what the others still have to read; what is missing then is told in the end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():
                await asyncio.sleep(ROUND_SECONDS)


async def _closed_as_too_slow(gateway: Part) -> int:
    """Ask the gateway how many it closed with 4002."""
    async with httpx.AsyncClient(trust_env=False) as http:
        page = (await http.get(f"http://127.0.0.1:{gateway.port}/metrics")).raise_for_status().text
    name = f'taskify_gateway_closes_total{{code="{CloseCode.TOO_SLOW:d}"}} '
    return next(int(float(line.removeprefix(name))) for line in page.splitlines() if line.startswith(name))


@asynccontextmanager
async def _gateway(servers: Servers, home: Path, jwks: str, count: int) -> AsyncIterator[Part]:
    (port,) = free_ports(1)
    environment = {
        "TASKIFY_HOME": str(home / "no-settings-here"),
        "TASKIFY_SOCKET_PORT": str(port),
        "TASKIFY_JWKS_URL": jwks,
        "TASKIFY_GATEWAY_BROKER_URL": servers.broker_url(WS_GATEWAY),
        # All of them come from this machine.
        "TASKIFY_SOCKET_CONNECTIONS_AN_ADDRESS": str(WAVES * count + 2 * READERS),
    }
    gateway = Part("gateway", "gateway", ("ws_gateway",), port, environment, home / "gateway.log")
    async with asyncio.TaskGroup() as group, httpx.AsyncClient(trust_env=False) as http:
        group.create_task(gateway.supervise())
        await gateway.until_ready(http)
        yield gateway
        await gateway.stop()
    assert not gateway.deaths, gateway.deaths


async def _send_until_all_are_gone(
    servers: Servers, gateway: Part, crowd: Crowd, rounds: int
) -> tuple[float, float, int]:
    """Send everybody a frame, again and again; give the most memory, the time and the number of the last round."""
    began, most = time.monotonic(), 0.0
    async with await aio_pika.connect(servers.broker_url(NOTIFICATION_WORKER)) as connection:
        exchange = await (await connection.channel()).get_exchange(DELIVERIES, ensure=False)
        while time.monotonic() - began < PATIENCE_SECONDS:
            rounds += 1
            for start in range(0, len(crowd.people), _PEOPLE_A_MESSAGE):
                people = crowd.people[start : start + _PEOPLE_A_MESSAGE]
                message = aio_pika.Message(_delivery(people, rounds), type="taskify.delivery.v1")
                await exchange.publish(message, "")
            most = max(most, gateway.resident_mebibytes())
            if _established(gateway.port) <= READERS:
                break
            await asyncio.sleep(ROUND_SECONDS)
    return most, time.monotonic() - began, rounds


def _delivery(people: list[UUID], seq: int) -> bytes:
    payload = {"seq": seq, "ids": [], "unread_count": 0, "sent_at": time.time(), "padding": "x" * FRAME_BYTES}
    frame = json.dumps({"type": "REMOVED", "payload": payload})
    return json.dumps({"frames": [{"user_id": str(one), "seq": seq, "frame": frame} for one in people]}).encode()


def _established(port: int) -> int:
    """Count the open connections of the gateway's side (state 01 of proc_pid_net(5))."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = (line.split() for line in lines)
    return sum(each[1].endswith(f":{port:04X}") and each[3] == "01" for each in fields)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.faults.stalled_clients", description=__doc__)
    parser.add_argument("--clients", type=int, default=1_000)
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with tempfile.TemporaryDirectory(prefix="taskify-stalled-") as folder:
        Path(folder).chmod(0o755)
        sys.exit(uvloop.run(main(chosen.clients, Path(folder) / "home")))
