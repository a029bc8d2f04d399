"""All workers frozen for a while, with changes going on: `python -m tests.faults.stalled_worker`.

Printed: how long the task API took to answer a change with workers that run and with frozen ones, how the queues, the
outbox and the memory of broker and relays went, and how long it took to work everything off. At the end the judge says
whether anything was lost or told twice. Exit codes: 0 all is as it must be, however slow the machine is, 1 it is not.
"""

import argparse
import asyncio
import logging
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import httpx
import uvloop

from contracts.topology import WORKER_DEAD_LETTERS
from tests.faults.accounts import Account
from tests.faults.journal import Journal, Write
from tests.faults.judging.verdict import judge
from tests.faults.observed import come_to_rest, observe
from tests.faults.outsiders import Outsiders
from tests.faults.report import listed_findings
from tests.faults.schedule import say
from tests.faults.system import System
from tests.faults.windows import Window
from tests.faults.writing import Office, Worker

PEOPLE = 20
RUNNING_SECONDS = 30.0
PATIENCE_SECONDS = 120.0
_WARM_UP_SECONDS = 5.0
_SAMPLE_SECONDS = 5.0
_CATCH_UP_SECONDS = 30.0
_OF_THE_TASK_API = {"create", "status", "assignee_id", "comment", "watch", "unwatch"}
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """`seconds` since the workers were frozen; memory in MiB, of the relays the largest."""

    seconds: float
    queued: int
    outbox: int
    broker: float
    relay: float


class Trial:
    def __init__(self, system: System, journal: Journal, workers: list[Worker], rate: float) -> None:
        self._system = system
        self._journal = journal
        self._rate = rate
        self._office = Office(workers, random.Random(1))  # noqa: S311 (the same work every time)
        self.samples: list[Sample] = []
        self.worked_off: float | None = None
        self.phases: dict[str, list[Write]] = {}

    async def carry_out(self, seconds: float) -> None:
        """Work with workers that run, then with frozen ones for so long, and until all is worked off."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._office.work(self._rate))
            await asyncio.sleep(_WARM_UP_SECONDS)
            began = time.time()
            await asyncio.sleep(RUNNING_SECONDS)
            frozen = time.time()
            self._signal(signal.SIGSTOP)
            say("workers are frozen")
            await self._watch(frozen, seconds)
            thawed = time.time()
            self._signal(signal.SIGCONT)
            say("workers go on")
            await self._until_worked_off(frozen, thawed)
            self._office.stopped = True
        self.phases = {"running": self._between(began, frozen), "frozen": self._between(frozen, thawed)}

    def _signal(self, number: signal.Signals) -> None:
        for part in self._system.of("worker"):
            part.signal(number)

    async def _watch(self, frozen: float, seconds: float) -> None:
        while time.time() < frozen + seconds:
            await asyncio.sleep(_SAMPLE_SECONDS)
            self.samples.append(await self._sample(frozen))

    async def _until_worked_off(self, frozen: float, thawed: float) -> None:
        """Until the queues hold no more than a second's work."""
        while time.time() < thawed + PATIENCE_SECONDS:
            self.samples.append(await self._sample(frozen))
            if self.samples[-1].queued <= self._rate:
                self.worked_off = time.time() - thawed
                return
            await asyncio.sleep(1)

    async def _sample(self, frozen: float) -> Sample:
        queues = await self._system.servers.queues()
        queued = [
            queue.get("messages", 0)
            for name, queue in queues.items()
            if name.startswith("notification-worker.") and name != WORKER_DEAD_LETTERS
        ]
        async with self._system.servers.administrator("task_service") as connection:
            outbox = await connection.fetchval("SELECT count(*) FROM outbox")
        async with self._system.servers.management() as client:
            (node,) = (await client.get("/api/nodes")).raise_for_status().json()
        relays = [*self._system.of("task-relay"), *self._system.of("notification-relay")]
        memory = max(part.resident_mebibytes() for part in relays)
        return Sample(time.time() - frozen, sum(queued), outbox, node["mem_used"] / _MEBIBYTE, memory)

    def _between(self, begin: float, end: float) -> list[Write]:
        of_api = [write for write in self._journal.writes if write.what in _OF_THE_TASK_API]
        return [write for write in of_api if begin <= write.sent and write.answered and write.answered <= end]

    def complaints(self) -> list[str]:
        """Say what is not as it must be on the slowest of machines."""
        wrong = [
            f"{name}: {sum(write.unknown for write in writes)} of {len(writes)} changes failed"
            for name, writes in self.phases.items()
            if not writes or any(write.unknown for write in writes)
        ]
        most = max(self.samples, key=lambda sample: sample.queued)
        told = sum(write.acknowledged and write.what in {"comment", "status"} for write in self.phases["frozen"])
        if most.queued < told / 2:
            wrong.append(f"the queues held {most.queued} messages at most, after {told} comments and changes")
        if most.outbox > most.queued:
            wrong.append(f"the outbox grew to {most.outbox}, and not the queues")
        if self.worked_off is None:
            wrong.append(f"the queues were not worked off within {PATIENCE_SECONDS:g} s")
        return wrong

    def table(self) -> str:
        lines = ["| workers | changes | median | p95 | p99 | longest |", "|---|---|---|---|---|---|"]
        lines += [f"| {name} | {len(writes)} | {_latencies(writes)} |" for name, writes in self.phases.items()]
        lines += ["", "| since frozen | in queues | in the outbox | broker | largest relay |", "|---|---|---|---|---|"]
        lines += [
            f"| {each.seconds:.0f} s | {each.queued} | {each.outbox} | {each.broker:.0f} MiB | {each.relay:.0f} MiB |"
            for each in self.samples
        ]
        return "\n".join(lines)


def _latencies(writes: Sequence[Write]) -> str:
    taken = [1_000 * (write.answered - write.sent) for write in writes]
    cuts = quantiles(taken, n=100)
    return " | ".join(f"{value:.0f} ms" for value in (cuts[49], cuts[94], cuts[98], max(taken)))


async def main(seconds: float, rate: float, home: Path) -> int:
    journal = Journal()
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(System.started(home))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        workers = []
        for number in range(PEOPLE):
            owner = await Account.register(http, system.api, system.notifications, journal, f"Person {number}")
            choice = random.Random(number)  # noqa: S311 (see above)
            window = Window(owner, f"{owner.name}'s window", system.socket, choice)
            # Nobody goes a task back and forth, which those who do not write are for.
            workers.append(Worker(owner, [window], writes=number > 0))
        people, windows = (
            [worker.account for worker in workers],
            [each for worker in workers for each in worker.windows],
        )
        await Outsiders(system.servers, journal, [person.id for person in people], random.Random(1)).make_tap()  # noqa: S311 (see above)
        trial = Trial(system, journal, workers, rate)
        async with asyncio.TaskGroup() as group:
            live = [group.create_task(window.run()) for window in windows]
            say(f"{PEOPLE} people make {rate:g} changes a second; workers are frozen for {seconds:g} s")
            await trial.carry_out(seconds)
            await come_to_rest(system)
            await _catch_up(windows)
            seen = await observe(system, people)
            for task in live:
                task.cancel()
        findings = judge(journal, seen, windows)
    print(f"\n{trial.table()}\n", flush=True)  # noqa: T201 (what the command is for)
    worked_off = "never" if trial.worked_off is None else f"{trial.worked_off:.1f} s after they went on"
    say(f"worked off: {worked_off}; {len(seen.events)} events, {len(findings)} findings of the judge")
    if findings:
        say(f"WRONG\n{listed_findings(findings)}")
    complaints = trial.complaints()
    for complaint in complaints:
        say(f"WRONG {complaint}")
    return 1 if findings or complaints else 0


async def _catch_up(windows: Sequence[Window]) -> None:
    for window in windows:
        window.catch_up()
    try:
        async with asyncio.timeout(_CATCH_UP_SECONDS):
            while not all(window.live and window.settled for window in windows):
                await asyncio.sleep(0.1)
    except TimeoutError:
        say("some windows do not catch up")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.faults.stalled_worker", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the workers are frozen (60)")
    parser.add_argument("--rate", type=float, default=20.0, help="changes a second (20)")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="taskify-stalled-") as folder:
        Path(folder).chmod(0o755)
        sys.exit(uvloop.run(main(chosen.seconds, chosen.rate, Path(folder) / "home")))
