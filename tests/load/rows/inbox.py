"""Ten million stored notifications against ten thousand: is any request slower for it?"""

import statistics
from dataclasses import replace

from tests.load.inbox_at_scale import (
    BEHIND,
    CASES,
    FEW_PEOPLE,
    FEW_ROWS,
    READ_ALL,
    REQUIRED_MS,
    SCANS,
    Measured,
    seeded_scene,
    time_case,
)
from tests.load.results import Figure, at_most
from tests.load.row import Findings, Row, Sizes
from tests.load.scene.stage import Stage

LARGE = 1_000_000
"""With fewer rows, reading a table from end to end may well be the best plan."""


async def run(stage: Stage, sizes: Sizes) -> Findings:
    found = Findings(settings={"rows to compare with": f"{FEW_ROWS:,}"})
    turns = sizes["turns"]
    async with (
        seeded_scene(stage.postgres, FEW_ROWS, 0) as few_readers,
        seeded_scene(stage.postgres, FEW_ROWS, FEW_PEOPLE) as few_behind,
        seeded_scene(stage.postgres, sizes["rows"], BEHIND) as (many, many_administrator),
    ):
        for case in CASES:
            few, few_administrator = few_behind if case is READ_ALL else few_readers
            # Nobody reads everything twice, and the smaller database holds few people.
            people = FEW_PEOPLE if case is READ_ALL else case.samples
            # The first of each turn is not counted: it also builds the statements.
            part = replace(case, samples=min(case.samples, people, sizes["samples"]) // turns + 1)
            bare, ours = [], []
            for _ in range(turns):
                small, large = Measured(), Measured()
                await time_case(part, few, small, few_administrator)
                await time_case(part, many, large, many_administrator)
                bare.append(_median(small, case.name))
                ours.append(_median(large, case.name))
                if sizes["rows"] >= LARGE:
                    found.lost += _scans(large)
            found.figures.append(
                Figure(
                    name=case.name,
                    unit="ms",
                    samples=tuple(ours),
                    bare_name=f"{FEW_ROWS:,} rows",
                    bare=tuple(bare),
                    aim=at_most(1.3, of_bare=True),
                )
            )
    slowest = max(max(figure.samples) for figure in found.figures)
    found.figures.append(Figure(name="slowest median of all", unit="ms", samples=(slowest,), aim=at_most(REQUIRED_MS)))
    return found


def _median(measured: Measured, case: str) -> float:
    return statistics.median(measured.seconds[case]) * 1000


def _scans(measured: Measured) -> list[str]:
    plans = [plan for statements in measured.plans.values() for plan in statements.values()]
    return sorted({line.strip() for plan in plans for line in plan if any(scan in line for scan in SCANS)})


ROW = Row(
    name="inbox",
    question="Do requests take longer with ten million notifications stored?",
    bare=f"the same requests with {FEW_ROWS:,} stored",
    sizes={"rows": 10_000_000, "samples": 100, "turns": 3},
    quick={"rows": 50_000, "samples": 20, "turns": 2},
    run=run,
)
