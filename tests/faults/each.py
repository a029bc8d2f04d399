"""Break each group of kinds by itself, several times, each time in a fresh system: `python -m tests.faults.each`.

Every run injects each kind of its group once, and takes as long as that takes. The table at the end says for each
group how many runs found nothing wrong, and the seeds of those that did; `python -m tests.faults --only GROUP
--rounds 1 --people 20 --rate 12 --seed SEED` is such a run again. Exit codes: 0 all are green, 1 not all.
"""

import argparse
import logging
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from tests.faults.run import Outcome, Plan, Run
from tests.faults.schedule import chosen_kinds, groups, say


@dataclass
class Row:
    """`recoveries` are of the runs that came to their end."""

    group: str
    green: int = 0
    red: list[int] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def note(self, seed: int, outcome: Outcome | None, seconds: float) -> None:
        self.seconds += seconds
        if outcome is None or outcome.findings:
            self.red.append(seed)
        else:
            self.green += 1
        if outcome is not None:
            self.recoveries += [each.recovery_seconds for each in outcome.injected]


def table(rows: Sequence[Row]) -> str:
    lines = ["| group | runs | green | seeds of red ones | longest recovery | took |", "|---|---|---|---|---|---|"]
    for row in rows:
        seeds = ", ".join(str(seed) for seed in row.red) or "none"
        longest = f"{max(row.recoveries, default=0):.1f} s"
        runs = row.green + len(row.red)
        lines.append(f"| {row.group} | {runs} | {row.green} | {seeds} | {longest} | {row.seconds:.0f} s |")
    return "\n".join(lines)


def run_once(group: str, seed: int, people: int, rate: float) -> Outcome | None:
    """Give what a run came to, or None when it did not come to its end."""
    plan = Plan(0.0, seed, chosen_kinds([group]), people, rate, rounds=1)
    with tempfile.TemporaryDirectory(prefix="taskify-faults-") as folder:
        Path(folder).chmod(0o755)
        try:
            return uvloop.run(Run(plan, Path(folder) / "home").carry_out())
        except Exception as error:  # noqa: BLE001 (a run that breaks off is red, and the others still tell something)
            say(f"BROKE OFF {error!r}")
            return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.each", description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="how many runs of each group (3)")
    parser.add_argument("--only", default="", help="these groups, with commas")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--rate", type=float, default=12.0, help="changes a second, of all people together (12)")
    arguments = parser.parse_args()
    chosen = [name for name in arguments.only.split(",") if name] or list(groups())
    if unknown := set(chosen) - set(groups()):
        parser.error(f"no group is called {', '.join(sorted(unknown))}; there are {', '.join(groups())}")
    # Libraries report what we break on purpose.
    logging.disable(logging.CRITICAL)
    choice = random.SystemRandom()
    rows = [Row(group) for group in chosen]
    for row in rows:
        for _ in range(arguments.times):
            seed, began = choice.randrange(10_000), time.monotonic()
            row.note(seed, run_once(row.group, seed, arguments.people, arguments.rate), time.monotonic() - began)
    print(f"\n{table(rows)}", flush=True)  # noqa: T201 (what the command is for)
    return 1 if any(row.red for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
