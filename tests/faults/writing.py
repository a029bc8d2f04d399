"""People who work: each does one thing after another to the tasks of its team."""

import asyncio
import random
from dataclasses import dataclass, field
from uuid import uuid4

from tests.faults.accounts import Account
from tests.faults.journal import Json, Write
from tests.faults.windows import Window

STATUSES = ("todo", "in_progress", "in_review", "done")
TEAM = 5
OPEN_TASKS = 60

_DEEDS = (
    *(("status", 26), ("comment", 26), ("assign", 16), ("create", 8), ("watch", 4), ("unwatch", 3)),
    *(("mute", 2), ("unmute", 2), ("read", 8), ("unread", 2), ("read_all", 2), ("back_and_forth", 2)),
)


@dataclass
class Task:
    id: str
    team: list["Worker"]
    status: str
    version: int
    assignee: str | None


@dataclass
class Worker:
    account: Account
    windows: list[Window]
    writes: bool = True


@dataclass
class Office:
    """The tasks that are worked on; the oldest is left alone when there are too many."""

    workers: list[Worker]
    choice: random.Random
    tasks: list[Task] = field(default_factory=list)
    stopped: bool = False
    deeds: int = 0

    async def work(self, changes_a_second: float) -> None:
        """Let everybody who writes do so until it is stopped; each waits for the answer before the next deed."""
        writers = [worker for worker in self.workers if worker.writes]
        pause = len(writers) / changes_a_second
        async with asyncio.TaskGroup() as group:
            for worker in writers:
                group.create_task(self._work(worker, pause, random.Random(self.choice.random())))  # noqa: S311 (drawn from the seed)

    async def _work(self, worker: Worker, pause: float, choice: random.Random) -> None:
        await asyncio.sleep(choice.uniform(0, pause))
        kinds, weights = zip(*_DEEDS, strict=True)
        while not self.stopped:
            (what,) = choice.choices(kinds, weights)
            tasks = [task for task in self.tasks if worker in task.team]
            if what == "create" or not tasks:
                await self._create(worker, choice)
            else:
                await self._do(worker, what, choice.choice(tasks), choice)
            self.deeds += 1
            await asyncio.sleep(choice.uniform(0.5, 1.5) * pause)

    async def _create(self, worker: Worker, choice: random.Random) -> None:
        others = [other for other in self.workers if other is not worker]
        team = [worker, *choice.sample(others, TEAM - 1)]
        title = f"Task {uuid4().hex[:12]}"
        assignee = choice.choice(team).account.id if choice.random() < 0.5 else None
        body: Json = {"title": title, **({"assignee_id": assignee} if assignee else {})}
        write = Write(worker.account.id, "create", value=title, assignee=assignee or "")
        answer = await worker.account.write(write, "POST", "/api/tasks", body)
        if answer is not None and answer.status_code == 201:
            made = answer.json()
            write.task, write.version = made["id"], made["version"]
            self.tasks.append(Task(made["id"], team, made["status"], made["version"], assignee))
            del self.tasks[:-OPEN_TASKS]

    async def _do(self, worker: Worker, what: str, task: Task, choice: random.Random) -> None:
        account = worker.account
        match what:
            case "status":
                following = STATUSES[(STATUSES.index(task.status) + 1) % len(STATUSES)]
                await self._change(account, task, "status", following)
            case "assign":
                candidates = [member.account.id for member in task.team if member.account.id != task.assignee]
                await self._change(account, task, "assignee_id", choice.choice(candidates))
            case "comment":
                text = f"Comment {uuid4().hex[:12]}"
                write = Write(account.id, "comment", task.id, text)
                await account.write(write, "POST", f"/api/tasks/{task.id}/comments", {"body": text})
            case "watch" | "unwatch":
                method = "PUT" if what == "watch" else "DELETE"
                await account.write(Write(account.id, what, task.id), method, f"/api/tasks/{task.id}/watch")
            case "mute" | "unmute":
                method = "PUT" if what == "mute" else "DELETE"
                path = f"/api/notifications/muted-tasks/{task.id}"
                await account.write(Write(account.id, what, task.id), method, path)
            case "read" | "unread" | "read_all":
                await self._mark(worker, what, choice)
            case "back_and_forth":
                await self._go_back_and_forth(worker, choice)

    async def _change(self, account: Account, task: Task, name: str, value: str) -> None:
        """Change a task only as it was last seen; whoever was faster shows what it is now."""
        version = task.version
        write = Write(account.id, name, task.id, value, version)
        answer = await account.write(
            write, "PATCH", f"/api/tasks/{task.id}", {name: value}, **{"If-Match": f'"{version}"'}
        )
        if answer is not None and answer.status_code == 200:
            self._see(task, answer.json())
        elif (current := await account.ask(f"/api/tasks/{task.id}")) is not None:
            self._see(task, current.json())

    async def _go_back_and_forth(self, worker: Worker, choice: random.Random) -> None:
        """Move a task there and back before anybody can have read of it: who watches it marks nothing as read."""
        silent = choice.choice([other for other in self.workers if not other.writes])
        title = f"Task {uuid4().hex[:12]}"
        write = Write(worker.account.id, "create", value=title, assignee=silent.account.id)
        body = {"title": title, "assignee_id": silent.account.id}
        answer = await worker.account.write(write, "POST", "/api/tasks", body)
        if answer is None or answer.status_code != 201:
            return
        made = answer.json()
        write.task, write.version = made["id"], made["version"]
        task = Task(made["id"], [], made["status"], made["version"], silent.account.id)
        for status in ("in_progress", "todo"):
            # Where the way there failed, the way back would change nothing, and has no event.
            if task.status != status:
                await self._change(worker.account, task, "status", status)

    @staticmethod
    def _see(task: Task, seen: Json) -> None:
        if seen["version"] >= task.version:
            assignee = seen["assignee"]
            task.version, task.status = seen["version"], seen["status"]
            task.assignee = None if assignee is None else assignee["id"]

    async def _mark(self, worker: Worker, what: str, choice: random.Random) -> None:
        window, account = choice.choice(worker.windows), worker.account
        if what == "read_all":
            seq = window.shown.latest_seq
            write = Write(account.id, what, value=str(seq))
            await account.write(write, "POST", "/api/notifications/read-all", {"up_to_seq": seq})
            return
        items = [item for item in window.shown.items.values() if (item["read_at"] is None) == (what == "read")]
        if not items:
            return
        item = choice.choice(items)
        write = Write(account.id, what, value=item["id"], version=item["seq"])
        body = {"id": item["id"], "seq": item["seq"]} if what == "read" else {"id": item["id"]}
        await account.write(write, "POST", f"/api/notifications/{what}", body)
