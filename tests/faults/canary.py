"""How long it takes, after a fault, until a change of any lane is shown in windows again."""

import asyncio
import zlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from uuid import uuid4

from contracts.topology import TASK_LANES
from tests.faults.accounts import Account
from tests.faults.journal import Write
from tests.faults.windows import Window
from tests.faults.writing import STATUSES

_AGAIN_SECONDS = 0.2
_WORDS = {"todo": "To do", "in_progress": "In progress", "in_review": "In review", "done": "Done"}


class NoRecoveryError(Exception):
    """Nothing was shown any more, however long one waited."""


@dataclass
class Canary:
    """`writer` changes a task of each lane, and `listener` is told of it in all windows."""

    writer: Account
    listener: Account
    windows: list[Window]
    patience_seconds: float
    tasks: dict[int, str] = field(default_factory=dict)
    statuses: dict[str, tuple[str, int]] = field(default_factory=dict)

    async def hatch(self) -> None:
        """Make tasks until there is one for each lane."""
        while len(self.tasks) < TASK_LANES:
            title = f"Task {uuid4().hex[:12]}"
            write = Write(self.writer.id, "create", value=title, assignee=self.listener.id)
            body = {"title": title, "assignee_id": self.listener.id}
            answer = await self.writer.write(write, "POST", "/api/tasks", body)
            assert answer is not None, "nothing is broken yet"
            made = answer.json()
            write.task, write.version = made["id"], made["version"]
            lane = zlib.crc32(made["id"].encode()) % TASK_LANES
            self.tasks.setdefault(lane, made["id"])
            self.statuses[made["id"]] = (made["status"], made["version"])

    async def sing(self) -> None:
        """Return when a change of each lane that was asked for now is shown in every window.

        Raises:
            NoRecoveryError: it is not, after `patience_seconds`.
        """
        # Not told by their time: the clock of whoever writes them may have been off.
        known = {id_ for window in self.windows for id_ in window.shown.items}
        try:
            async with asyncio.timeout(self.patience_seconds):
                statuses = await asyncio.gather(*(self._change(task) for task in self.tasks.values()))
                wanted = dict(zip(self.tasks.values(), statuses, strict=True))
                while not all(self._shows(window, known, wanted) for window in self.windows):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            dumb = [window.name for window in self.windows if not window.live]
            raise NoRecoveryError(f"no recovery in {self.patience_seconds:.0f} s; not connected: {dumb}") from None
        seq = str(max(window.shown.latest_seq for window in self.windows))
        write = Write(self.listener.id, "read_all", value=seq)
        await self.listener.write(write, "POST", "/api/notifications/read-all", {"up_to_seq": int(seq)})

    async def _change(self, task: str) -> str:
        while True:
            status, version = self.statuses[task]
            following = STATUSES[(STATUSES.index(status) + 1) % len(STATUSES)]
            write = Write(self.writer.id, "status", task, following, version)
            answer = await self.writer.write(
                write, "PATCH", f"/api/tasks/{task}", {"status": following}, **{"If-Match": f'"{version}"'}
            )
            if answer is not None and answer.status_code == 200:
                self.statuses[task] = (following, answer.json()["version"])
                return following
            await asyncio.sleep(_AGAIN_SECONDS)
            if (now := await self.writer.ask(f"/api/tasks/{task}")) is not None:
                self.statuses[task] = (now.json()["status"], now.json()["version"])

    @staticmethod
    def _shows(window: Window, known: AbstractSet[str], wanted: Mapping[str, str]) -> bool:
        new = [item for id_, item in window.shown.items.items() if id_ not in known]
        told = {(item["task_id"], item["message"].rpartition(" to ")[2]) for item in new}
        return all((task, _WORDS[status]) in told for task, status in wanted.items())
