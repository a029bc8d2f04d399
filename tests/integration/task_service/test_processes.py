"""The two processes as they are started for real."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aio_pika
import httpx

from contracts.events import parse_event
from contracts.topology import WORKER_USER_EVENTS
from infra.local.ports import free_ports

ROOT = Path(__file__).parents[3]
DEADLINE_SECONDS = 60


@asynccontextmanager
async def running(command: str, environment: dict[str, str], port: int) -> AsyncIterator[httpx.AsyncClient]:
    """Start a process, wait until it is ready; afterwards it has to stop cleanly on SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "task_service", command, cwd=ROOT, env=environment
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not await is_ready(client):
                    assert process.returncode is None
                    await asyncio.sleep(0.05)
            yield client
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/ready")).is_success
    except httpx.TransportError:
        return False


async def test_a_change_made_while_the_relay_is_away_is_published_when_it_comes(
    task_database_url: str, task_broker_url: str, admin_broker_url: str, tmp_path: Path
) -> None:
    """The API knows nothing of the broker; the relay carries on from the database."""
    api_port, relay_port = free_ports(2)
    environment = {
        "TASKIFY_HOME": str(tmp_path),
        "TASKIFY_TASK_DATABASE_URL": task_database_url,
        "TASKIFY_API_PORT": str(api_port),
        "TASKIFY_SIGNING_KEYS": str(tmp_path / "keys"),
        "TASKIFY_PUBLIC_API_URL": f"http://127.0.0.1:{api_port}",
        "TASKIFY_PUBLIC_NOTIFICATIONS_URL": "http://127.0.0.1:1",
        "TASKIFY_PUBLIC_SOCKET_URL": "ws://127.0.0.1:1/ws",
        "TASKIFY_ALLOWED_ORIGINS": json.dumps([f"http://127.0.0.1:{api_port}"]),
    }
    person = {"email": "ann@example.org", "name": "Ann", "password": "correct horse battery"}

    async with running("api", environment, api_port) as api:
        registered = await api.post("/api/auth/register", json=person)
        assert registered.status_code == 201

    of_relay = {
        "TASKIFY_HOME": str(tmp_path),
        "TASKIFY_TASK_DATABASE_URL": task_database_url,
        "TASKIFY_TASK_BROKER_URL": task_broker_url,
        "TASKIFY_TASK_RELAY_PORT": str(relay_port),
    }
    async with running("relay", of_relay, relay_port):
        event = parse_event(await first_message(admin_broker_url, WORKER_USER_EVENTS))
    assert str(event.data.user.id) == registered.json()["id"]


async def first_message(url: str, queue: str) -> bytes:
    arrived: asyncio.Queue[bytes] = asyncio.Queue(1)

    async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        await message.ack()
        await arrived.put(message.body)

    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await (await channel.get_queue(queue, ensure=False)).consume(take)
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await arrived.get()


async def test_a_process_without_its_settings_says_which_are_missing_and_shows_none(tmp_path: Path) -> None:
    returncode, errors = await run_to_the_end(
        "relay", {"TASKIFY_HOME": str(tmp_path), "TASKIFY_TASK_DATABASE_URL": "postgresql://somebody:secret@host/db"}
    )

    assert returncode == 1
    assert errors == "task_service relay: TASKIFY_TASK_BROKER_URL: Field required\n"


async def test_a_port_that_is_taken_is_one_clear_message(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port)):
        returncode, errors = await run_to_the_end(
            "relay",
            {
                "TASKIFY_HOME": str(tmp_path),
                "TASKIFY_TASK_DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/none",
                "TASKIFY_TASK_BROKER_URL": "amqp://nobody:x@127.0.0.1:1/none",
                "TASKIFY_TASK_RELAY_PORT": str(port),
            },
        )

    assert returncode == 1
    assert f"127.0.0.1:{port}" in errors
    assert "Traceback" not in errors


async def run_to_the_end(command: str, environment: dict[str, str]) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "task_service", command, cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(DEADLINE_SECONDS):
        _, errors = await process.communicate()
    return process.returncode, errors.decode()


async def test_keys_are_rotated_and_retired_on_the_command_line(tmp_path: Path) -> None:
    environment = {"TASKIFY_HOME": str(tmp_path), "TASKIFY_SIGNING_KEYS": str(tmp_path / "keys")}

    async def keys(*arguments: str) -> tuple[int | None, list[list[str]], str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "task_service", "keys", *arguments),
            cwd=ROOT,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(DEADLINE_SECONDS):
            output, errors = await process.communicate()
        return process.returncode, [line.split() for line in output.decode().splitlines()], errors.decode()

    missing = await keys("list")
    _, ((first, *_),), _ = await keys("rotate")
    rotated, listed, _ = await keys("rotate")
    refused = await keys("retire", first)
    _, none_done, _ = await keys("retire")
    careless = await keys("retire", "--now")
    _, removed, _ = await keys("retire", first, "--now")
    _, left, _ = await keys("list")

    assert (missing[0], missing[2]) == (1, f"task_service keys: there is no signing key in {tmp_path / 'keys'}\n")
    assert (rotated, [line[:2] for line in listed]) == (0, [[first, "signs"], [listed[1][0], "published"]])
    assert (refused[0], refused[2]) == (1, f"task_service keys: {first} signs: its tokens would be refused at once\n")
    assert none_done == [["no", "key", "is", "done"]]
    assert careless[0] == 2
    assert removed == [[first, "removed"]]
    assert [line[:2] for line in left] == [[listed[1][0], "signs"]]
