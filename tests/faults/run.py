"""One run, from the start of the servers to the verdict."""

import asyncio
import random
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.faults.accounts import Account
from tests.faults.canary import Canary
from tests.faults.digests import Subscriber, have_all_sent
from tests.faults.journal import Journal
from tests.faults.judging import Finding, Wrong
from tests.faults.judging.verdict import judge
from tests.faults.kinds import World
from tests.faults.observed import Observed, come_to_rest, observe
from tests.faults.outsiders import Outsiders
from tests.faults.report import LONGEST_RECOVERY_SECONDS, listed_findings, seldom, table, totals
from tests.faults.schedule import Injected, inject, is_clustered, say
from tests.faults.system import System
from tests.faults.windows import Window
from tests.faults.writing import Office, Worker

_SILENT = 5
_SUBSCRIBES = 5
_OUTSIDERS_SECONDS = 4.0
_DROP_SECONDS = 3.0
_PATIENCE = 3
"""So many times as long as a recovery may take, it is waited for."""

_CATCH_UP_SECONDS = 180.0


@dataclass(frozen=True)
class Plan:
    """With `rounds`, each kind comes so often, however long that takes, and `minutes` mean nothing.

    `sabotage` names a way in which the product is broken on purpose.
    """

    minutes: float
    seed: int
    kinds: tuple[str, ...]
    people: int
    changes_a_second: float
    sabotage: str | None = None
    rounds: int = 0


@dataclass(frozen=True)
class Outcome:
    findings: list[Finding]
    injected: list[Injected]


class Run:
    def __init__(self, plan: Plan, home: Path) -> None:
        self._plan = plan
        self._home = home
        self._choice = random.Random(plan.seed)  # noqa: S311 (the same run every time)
        self._journal = Journal()
        self._windows: list[Window] = []
        self._workers: list[Worker] = []
        self._subscribers: list[Subscriber] = []
        self._longest_recovery = LONGEST_RECOVERY_SECONDS

    async def carry_out(self) -> Outcome:
        """Run, print the table, and give what was injected and all that was found wrong."""
        async with AsyncExitStack() as stack:
            long = f"{self._plan.rounds} rounds" if self._plan.rounds else f"{self._plan.minutes:g} minutes"
            say(f"seed {self._plan.seed}, {long}, {', '.join(self._plan.kinds) or 'no faults'}")
            began = time.monotonic()
            system = await stack.enter_async_context(self._system())
            # On a slow machine, parts that come back may need as long as everything needed at first.
            self._longest_recovery = max(LONGEST_RECOVERY_SECONDS, time.monotonic() - began)
            http = await stack.enter_async_context(
                httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=200))
            )
            say("everything is ready; people arrive")
            canary = await self._arrive(system, http)
            world = World(system, self._windows, self._journal)
            async with asyncio.TaskGroup() as group:
                live = [group.create_task(window.run()) for window in (*self._windows, *canary.windows)]
                injected = await self._live(system, world, canary)
                everybody = [*self._windows, *canary.windows]
                people = [worker.account for worker in self._workers] + [canary.writer, canary.listener]
                seen = await self._look(system, people, everybody)
                for task in live:
                    task.cancel()
            findings = self._judge(seen, everybody, world, injected)
            findings += [Finding(Wrong.UNEXPECTED, death) for part in system.parts for death in part.deaths]
        print(f"\n{table(injected)}\n\n{totals(self._journal, seen, everybody, findings)}\n", flush=True)  # noqa: T201 (what the command is for)
        if self._plan.kinds:
            say(seldom(self._plan.kinds, injected, self._plan.minutes))
        if findings:
            say(f"WRONG\n{listed_findings(findings)}")
        return Outcome(findings, injected)

    def _system(self) -> AbstractAsyncContextManager[System]:
        return System.started(self._home, sabotage=self._plan.sabotage, clustered=is_clustered(self._plan.kinds))

    async def _arrive(self, system: System, http: httpx.AsyncClient) -> Canary:
        async def account(name: str) -> Account:
            return await Account.register(http, system.api, system.notifications, self._journal, name)

        def window(owner: Account, number: int, address: str = system.socket, cap: float = 10.0) -> Window:
            choice = random.Random(self._choice.random())  # noqa: S311 (see above)
            return Window(owner, f"{owner.name}'s window {number}", address, choice, backoff_cap=cap)

        for number in range(self._plan.people):
            owner = await account(f"Person {number}")
            windows = [window(owner, each) for each in range(self._choice.choice((1, 2, 2, 3)))]
            self._windows += windows
            self._workers.append(Worker(owner, windows, writes=number >= _SILENT))
            if number >= _SILENT and number % _SUBSCRIBES == 0:
                self._subscribers.append(Subscriber(owner))
        writer, listener = await account("Canary"), await account("Miner")
        # One at each gateway, past the balancer: a gateway that is connected and tells nothing is to be noticed.
        addresses = [f"ws://127.0.0.1:{gateway.port}/ws" for gateway in system.of("gateway")]
        heard = [window(listener, number, address, cap=1.0) for number, address in enumerate(addresses)]
        return Canary(writer, listener, heard, patience_seconds=_PATIENCE * self._longest_recovery)

    async def _live(self, system: System, world: World, canary: Canary) -> list[Injected]:
        """Let everybody live through the faults, then stop, and wait until all is whole."""
        office = Office(self._workers, self._choice)
        people = [worker.account.id for worker in self._workers]
        outsiders = Outsiders(system.servers, self._journal, people, self._choice)
        await outsiders.make_tap()
        await canary.hatch()
        await canary.sing()
        say(f"{len(people)} people with {len(self._windows)} windows are here")
        async with asyncio.TaskGroup() as group:
            group.create_task(office.work(self._plan.changes_a_second))
            group.create_task(outsiders.run(_OUTSIDERS_SECONDS))
            for subscriber in self._subscribers:
                group.create_task(subscriber.run(random.Random(self._choice.random())))  # noqa: S311 (see above)
            dropping = group.create_task(self._drop_windows())
            if self._plan.kinds:
                seconds = self._plan.minutes * 60
                injected = await inject(
                    world, canary, self._plan.kinds, self._plan.seed, seconds=seconds, rounds=self._plan.rounds
                )
            else:
                await asyncio.sleep(self._plan.minutes * 60)
                injected = []
            office.stopped = outsiders.stopped = True
            for subscriber in self._subscribers:
                subscriber.stopped = True
            dropping.cancel()
        return injected

    async def _drop_windows(self) -> None:
        """Let people lose their network now and then."""
        while True:
            await asyncio.sleep(self._choice.uniform(0.5, 1.5) * _DROP_SECONDS)
            self._choice.choice(self._windows).drop()

    async def _look(self, system: System, people: list[Account], windows: list[Window]) -> Observed:
        say("everybody stops; waiting for rest")
        await system.until_ready()
        held, overdue = await have_all_sent(system.servers, self._subscribers)
        say(f"{held} events waited for a digest")
        if overdue:
            self._journal.errors.append(f"{overdue} events waited for a digest that was due")
        left = await come_to_rest(system)
        for window in windows:
            window.catch_up()
        try:
            async with asyncio.timeout(_CATCH_UP_SECONDS):
                while not all(window.live and window.settled for window in windows):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            say("some windows do not catch up")
        say(f"looking at everything{f', although {left} is left' if any(left.values()) else ''}")
        return await observe(system, people)

    def _judge(self, seen: Observed, windows: list[Window], world: World, injected: list[Injected]) -> list[Finding]:
        findings = judge(self._journal, seen, windows)
        findings += [Finding(Wrong.UNEXPECTED, text) for text in world.complaints]
        findings += [
            Finding(Wrong.UNEXPECTED, f"{each.what}: recovered only after {each.recovery_seconds:.1f} s")
            for each in injected
            if each.recovery_seconds > self._longest_recovery
        ]
        return findings
