"""The benchmarks: `make bench`, `make bench QUICK=1`, `python -m tests.load.bench --only relay,worker --set turns=1`.

Each row measures our system and, in the same run and by turns, the bare library that it cannot be faster than. Prints
a table; writes `build/bench/<time>.json` and a page of the same name. The exit code is 0 when all ran and nothing was
lost; with `--strict` only if every aim was met as well.
"""

import argparse
import gc
import json
import logging
import sys
import tempfile
import time
import traceback
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from tests.load.machine import machine, versions
from tests.load.page import page
from tests.load.results import Report, RowResult
from tests.load.row import Row
from tests.load.rows import ROWS
from tests.load.scene.stage import Stage
from tests.load.table import summary, table
from tests.support.system import REPOSITORY

RESULTS = REPOSITORY / "build" / "bench"


async def run_row(row: Row, stage: Stage, sizes: dict[str, int]) -> RowResult:
    """Run one row; what breaks it is among what was lost, and the others go on."""
    began = time.monotonic()
    try:
        found = await row.run(stage, sizes)
    except Exception as error:  # noqa: BLE001 (one row that breaks is reported, and does not take the others along)
        traceback.print_exc()
        return RowResult(
            name=row.name,
            question=row.question,
            bare=row.bare,
            sizes=sizes,
            settings={},
            seconds=time.monotonic() - began,
            figures=(),
            lost=(f"the row broke: {error!r}",),
        )
    return RowResult(
        name=row.name,
        question=row.question,
        bare=row.bare,
        sizes=sizes,
        settings=found.settings,
        seconds=time.monotonic() - began,
        figures=tuple(found.figures),
        plots=tuple(found.plots),
        processes=tuple(found.processes),
        notes=tuple(found.notes),
        lost=tuple(found.lost),
    )


async def run_rows(rows: list[Row], stage: Stage, wanted: dict[str, int]) -> list[RowResult]:
    results = []
    for row in rows:
        sys.stdout.write(f"{row.name} …\n")
        sys.stdout.flush()
        result = await run_row(row, stage, row.sized(quick=stage.quick, wanted=wanted))
        sys.stdout.write(table(result))
        sys.stdout.flush()
        results.append(result)
        # Between rows nothing is measured; within one, a collection would stop the clock of all requests.
        gc.collect()
    return results


async def main(rows: list[Row], wanted: dict[str, int], *, quick: bool, home: Path) -> Report:
    started_at, began = datetime.now(UTC), time.monotonic()
    before = machine()
    async with AsyncExitStack() as kept:
        with Stage.built(home, kept, quick=quick) as stage:
            try:
                results = await run_rows(rows, stage, wanted)
            finally:
                await kept.aclose()
            found = versions(stage)
    return Report(
        started_at=started_at,
        seconds=time.monotonic() - began,
        quick=quick,
        machine=before,
        versions=found,
        rows=tuple(results),
    )


def write(report: Report, folder: Path) -> Path:
    """Write the JSON and the page; give the page."""
    folder.mkdir(parents=True, exist_ok=True)
    name = report.started_at.strftime("%Y%m%d-%H%M%S")
    (folder / f"{name}.json").write_text(report.model_dump_json(indent=1))
    written = folder / f"{name}.html"
    written.write_text(page(report))
    return written


def parse_sizes(texts: list[str]) -> dict[str, int]:
    return {name: int(value) for name, _, value in (text.partition("=") for text in texts)}


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.load.bench", description=__doc__)
    parser.add_argument("--only", default="", help="rows, separated by commas; --list names them")
    parser.add_argument("--list", action="store_true", help="name the rows with their questions and sizes")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="small sizes: all rows that have some, in less than three minutes",
    )
    parser.add_argument("--seconds", type=int, help="the same as --set seconds=…")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another size")
    parser.add_argument("--strict", action="store_true", help="fail when an aim is missed")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of the results")
    parser.add_argument("--redraw", type=Path, metavar="JSON", help="only draw the page of earlier results anew")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where results go (default: build/bench)")
    parser.add_argument("--home", type=Path, help="keep logs and data in this folder")
    return parser


def run(chosen: argparse.Namespace) -> int:
    names = {row.name: row for row in ROWS}
    only = [name for name in chosen.only.split(",") if name]
    if unknown := set(only) - set(names):
        sys.stderr.write(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(names)}\n")
        return 2
    wanted = parse_sizes(chosen.set)
    if chosen.seconds is not None:
        wanted["seconds"] = chosen.seconds
    with tempfile.TemporaryDirectory(prefix="taskify-bench-") as temporary:
        home = (chosen.home or Path(temporary)) / "stage"
        home.mkdir(parents=True, exist_ok=True)
        home.parent.chmod(0o755)
        rows = [names[name] for name in only] or [row for row in ROWS if not (chosen.quick and row.quick is None)]
        report = uvloop.run(main(rows, wanted, quick=chosen.quick, home=home))
    written = write(report, chosen.results)
    sys.stdout.write(summary(report))
    sys.stdout.write(f"\n{written.with_suffix('.json')}\n{written}\n")
    return 1 if report.lost or (chosen.strict and report.missed) else 0


def describe() -> str:
    """Give the names of all rows, what they ask, and how large they are."""
    lines = []
    for row in ROWS:
        full, quick = (
            " ".join(f"{name}={size:,}" for name, size in row.sized(quick=quick, wanted={}).items())
            for quick in (False, True)
        )
        if row.quick is None:
            quick = "is not run"
        lines.append(f"{row.name:14}{row.question}\n{'':14}full: {full}\n{'':14}quick: {quick}\n")
    return "".join(lines)


if __name__ == "__main__":
    options = command_line().parse_args()
    if options.schema:
        sys.stdout.write(f"{json.dumps(Report.model_json_schema(mode='serialization'), indent=2)}\n")
    elif options.redraw is not None:
        earlier = Report.model_validate_json(options.redraw.read_bytes())
        options.redraw.with_suffix(".html").write_text(page(earlier))
    elif options.list:
        sys.stdout.write(describe())
    else:
        logging.disable(logging.CRITICAL)
        # Our own requests are timed here: a full collection would stop their clock.
        gc.disable()
        sys.exit(run(options))
