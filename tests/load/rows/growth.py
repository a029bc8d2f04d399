"""Twice as much of one thing at a time: what does each process do more?"""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

from tests.load.results import Figure, ProcessUse
from tests.load.row import Findings, Row, Sizes
from tests.load.rows.load import under_load
from tests.load.scene.stage import Stage
from tests.load.scene.system import running_system

AS_IT_IS = "as it is"
TWICE: dict[str, tuple[str, ...]] = {
    AS_IT_IS: (),
    "windows of the same people": ("windows",),
    "people, each with as many windows": ("windows", "people"),
    "changes": ("changes_a_second",),
    "watchers": ("watchers",),
    "gateways": (),
}
"""What is doubled, and by which sizes."""

GATEWAY = "gateway"


@dataclass(frozen=True)
class Used:
    """`share` is the part of one core, `memory` what was used at most in MiB; of all processes of a name together."""

    share: dict[str, float]
    memory: dict[str, float]


async def run(stage: Stage, sizes: Sizes) -> Findings:
    found = Findings()
    used: dict[str, list[Used]] = {what: [] for what in TWICE}
    for _ in range(sizes["turns"]):
        for what, doubled in TWICE.items():
            async with running_system(stage) as system, AsyncExitStack() as more:
                if what == "gateways":
                    await more.enter_async_context(system.another_gateway())
                each = {name: size * (2 if name in doubled else 1) for name, size in sizes.items()}
                under = await under_load(system, each, {}, None)
            found.lost += [f"{what}: {lost}" for lost in under.lost]
            used[what].append(_used(under.processes))
    found.figures = list(_figures(used))
    return found


def _used(processes: list[ProcessUse]) -> Used:
    share: dict[str, float] = {}
    memory: dict[str, float] = {}
    for one in processes:
        name = GATEWAY if one.name.startswith(GATEWAY) else one.name
        if name.startswith("load"):
            continue
        share[name] = share.get(name, 0.0) + one.share
        memory[name] = memory.get(name, 0.0) + one.memory_peak
    return Used(share, memory)


def _figures(used: dict[str, list[Used]]) -> Iterator[Figure]:
    before = used[AS_IT_IS]
    for what in TWICE:
        if what == AS_IT_IS:
            continue
        for process in before[0].share:
            yield Figure(
                name=f"twice the {what}: {process}",
                unit="% of a core",
                samples=tuple(one.share[process] * 100 for one in used[what]),
                bare_name=AS_IT_IS,
                bare=tuple(one.share[process] * 100 for one in before),
            )
        yield Figure(
            name=f"twice the {what}: memory of {GATEWAY}s",
            unit="MiB",
            samples=tuple(one.memory[GATEWAY] for one in used[what]),
            bare_name=AS_IT_IS,
            bare=tuple(one.memory[GATEWAY] for one in before),
        )


ROW = Row(
    name="growth",
    question="With twice as much of one thing, how much more does each process do?",
    bare="the same system with once as much",
    sizes={
        "windows": 1_000,
        "people": 500,
        "changes_a_second": 40,
        "watchers": 5,
        "seconds": 15,
        "turns": 2,
    },
    quick=None,
    run=run,
)
