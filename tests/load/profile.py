"""Where a process spends its time at its limit: `python -m tests.load.profile relay|worker|gateway|…`.

Runs the row that brings it there, with py-spy attached from when it is ready until it stops. Writes
`build/bench/profile-<process>.svg`, a flame graph, and `….txt`, the functions that took most.
"""

import argparse
import gc
import logging
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop

from tests.load.bench import RESULTS, parse_sizes, run_row
from tests.load.flame import flame_graph, parse, top, tree
from tests.load.results import RowResult
from tests.load.row import Row
from tests.load.rows import api, connects, push, relay, worker
from tests.load.scene.stage import Stage
from tests.load.table import table

PROFILED = {
    "relay": relay.ROW,
    "worker": worker.ROW,
    "gateway": push.ROW,
    "gateway-connects": connects.ROW,
    "task-api": api.ROW,
    "notification-api": api.ROW,
}
"""Which row brings which process to its limit."""

FUNCTIONS = 20


async def main(row: Row, process: str, sizes: dict[str, int], home: Path) -> tuple[RowResult, list[str]]:
    """Run the row; give what it found, and the stacks that were seen."""
    async with AsyncExitStack() as kept:
        with Stage.built(home, kept, quick=False) as stage:
            stage.profiled = process
            result = await run_row(row, stage, sizes)
            return result, stage.stacks.read_text().splitlines()


def run(chosen: argparse.Namespace) -> int:
    row = PROFILED[chosen.process]
    sizes = row.sized(quick=False, wanted={"turns": 1, **parse_sizes(chosen.set)})
    with tempfile.TemporaryDirectory(prefix="taskify-profile-") as folder:
        home = Path(folder) / "stage"
        home.mkdir()
        home.parent.chmod(0o755)
        result, lines = uvloop.run(main(row, chosen.process.removesuffix("-connects"), sizes, home))
    sys.stdout.write(table(result))
    chosen.results.mkdir(parents=True, exist_ok=True)
    written = chosen.results / f"profile-{chosen.process}.svg"
    stacks = list(parse(lines))
    written.write_text(flame_graph(tree(stacks), f"{chosen.process}, row {row.name}"))
    most = top(stacks, FUNCTIONS)
    written.with_suffix(".txt").write_text(most)
    sys.stdout.write(f"\n{most}\n{written}\n")
    return 1 if result.lost else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.load.profile", description=__doc__)
    parser.add_argument("process", choices=sorted(PROFILED))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another size of the row")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    gc.disable()
    sys.exit(run(options))
