"""What there is to see when everything has come to rest: events, tasks, inboxes, windows, queues, counters."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from contracts.topology import WORKER_DEAD_LETTERS
from infra.local.settings import REPOSITORY
from tests.faults.accounts import Account
from tests.faults.digests import waiting
from tests.faults.journal import Json
from tests.faults.outsiders import POISON, TAP
from tests.faults.servers import Servers
from tests.faults.system import System

REST_SECONDS = 300.0
_MESSAGES_SECONDS = 120.0
_PREFETCH = 1_000
_AT_ONCE = 8
_DATABASES = ("task_service", "notification_worker")


@dataclass
class Inbox:
    """`rows` are all there are, `members` those of digests and of rows of several events, `sync` is a fresh start."""

    rows: list[Json]
    members: dict[str, list[Json]]
    sync: Json
    muted: set[str]


@dataclass
class SeenTask:
    task: Json
    comments: list[Json]
    watchers: set[str]


@dataclass
class Observed:
    events: list[Json] = field(default_factory=list)
    tasks: dict[str, SeenTask] = field(default_factory=dict)
    inboxes: dict[str, Inbox] = field(default_factory=dict)
    dead_letters: list[str] = field(default_factory=list)
    left_over: dict[str, int] = field(default_factory=dict)
    recount: str = ""


async def come_to_rest(system: System) -> dict[str, int]:
    """Wait until outboxes and queues are empty; give what is left when that takes too long."""
    deadline = time.monotonic() + REST_SECONDS
    while True:
        left = await _left_over(system.servers)
        if not any(left.values()) or time.monotonic() > deadline:
            return left
        await asyncio.sleep(1)


async def observe(system: System, accounts: Iterable[Account]) -> Observed:
    """Look at everything."""
    seen = Observed(left_over=await _left_over(system.servers))
    heard = await _all_messages(system.servers, TAP)
    seen.events = [json.loads(message.body) for message in heard if POISON not in (message.routing_key or "")]
    letters = await _all_messages(system.servers, WORKER_DEAD_LETTERS)
    seen.dead_letters = [message.message_id or "" for message in letters]
    people = list(accounts)
    turn = asyncio.Semaphore(_AT_ONCE)

    async def inbox(account: Account) -> None:
        async with turn:
            seen.inboxes[account.id] = await _inbox(account)

    async def task(number: int, id_: str) -> None:
        async with turn:
            seen.tasks[id_] = await _task(people[number % len(people)], id_)

    async with asyncio.TaskGroup() as group:
        for account in people:
            group.create_task(inbox(account))
        for number, id_ in enumerate({event["subject"] for event in seen.events}):
            group.create_task(task(number, id_))
    seen.recount = await asyncio.to_thread(_recount, system.servers)
    return seen


async def _left_over(servers: Servers) -> dict[str, int]:
    left = {}
    for database in _DATABASES:
        async with servers.administrator(database) as connection:
            for table in ("outbox", "outbox_set_aside"):
                left[f"{database} {table}"] = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 (our own names)
    left["waiting for a digest"] = await waiting(servers)
    for name, queue in (await servers.queues()).items():
        if name.startswith("notification-worker.") and name != WORKER_DEAD_LETTERS:
            left[name] = queue.get("messages", 0)
    return left


async def _all_messages(servers: Servers, queue: str) -> list[AbstractIncomingMessage]:
    """Take what lies in a queue, now that nothing more comes."""
    found: list[AbstractIncomingMessage] = []
    async with await aio_pika.connect(servers.broker_url()) as connection, connection.channel() as channel:
        await channel.set_qos(prefetch_count=_PREFETCH)
        source = await channel.declare_queue(queue, passive=True)
        there = source.declaration_result.message_count or 0
        arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        await source.consume(arrived.put)
        async with asyncio.timeout(_MESSAGES_SECONDS):
            while len(found) < there:
                message = await arrived.get()
                await message.ack()
                found.append(message)
    return found


async def _inbox(account: Account) -> Inbox:
    rows = await _pages(account, "/api/notifications/history")
    members = {
        row["id"]: await _pages(account, f"/api/notifications/{row['id']}/members")
        for row in rows
        if row["count"] > 1 or row["type"] == "digest"
    }
    muted = {entry["task_id"] for entry in await _pages(account, "/api/notifications/muted-tasks")}
    return Inbox(rows, members, await account.surely("/api/notifications/sync"), muted)


async def _task(account: Account, id_: str) -> SeenTask:
    task = await account.surely(f"/api/tasks/{id_}")
    comments = await _pages(account, f"/api/tasks/{id_}/comments")
    watchers = {watcher["id"] for watcher in await account.surely(f"/api/tasks/{id_}/watchers")}
    return SeenTask(task, comments, watchers)


async def _pages(account: Account, path: str) -> list[Json]:
    found: list[Json] = []
    cursor: Json = {}
    while True:
        page = await account.surely(path, limit=100, **cursor)
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def _recount(servers: Servers) -> str:
    """Have the product compare its counters with a recount, as an operator would; empty when they are right."""
    url = servers.database_url("notification_worker", servers.postgres_port)
    environment = {"PATH": "/usr/bin:/bin", "TASKIFY_NOTIFICATION_DATABASE_URL": url, "TASKIFY_HOME": "/nonexistent"}
    command = [sys.executable, "-m", "notification_worker", "check"]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr
