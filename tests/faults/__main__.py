"""Break everything for some minutes, and see whether anything was lost or told twice: `python -m tests.faults`.

Without chosen kinds, a run of 10 minutes or more has a second part, a tenth as long, with a broker of three nodes.

Exit codes: 0 nothing was; 1 something was, or a recovery took over 30 s, and longer than the start of everything; 2 the
command line is wrong.
"""

import argparse
import logging
import random
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import uvloop

from tests.faults.run import Plan, Run
from tests.faults.schedule import ALL_KINDS, CLUSTER, chosen_kinds
from tests.faults.tampered import SABOTAGES

_TWO_PARTS_MINUTES = 10
_SECOND_PART = 0.1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long faults are injected (10)")
    parser.add_argument("--rounds", type=int, default=0, help="inject each kind so often, instead of for some minutes")
    parser.add_argument("--seed", type=int, default=None, help="draw the same faults again")
    parser.add_argument("--only", default="", help="kinds of faults, with commas: kill, broker.alarm, …; 'none'")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--rate", type=float, default=8.0, help="changes a second, of all people together (8)")
    parser.add_argument("--home", type=Path, default=None, help="keep logs and data in this folder")
    parser.add_argument(
        "--sabotage", choices=[*SABOTAGES], help="break the product on purpose; the judge has to see it"
    )
    parser.add_argument("--list", action="store_true", help="name all kinds of faults")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join((*ALL_KINDS, *SABOTAGES)))
        return 0
    wanted = [name for name in arguments.only.split(",") if name]
    try:
        kinds = () if wanted == ["none"] else chosen_kinds(wanted)
    except ValueError as error:
        parser.error(str(error))
    seed = random.SystemRandom().randrange(10_000) if arguments.seed is None else arguments.seed
    first = Plan(
        arguments.minutes,
        seed,
        kinds,
        arguments.people,
        arguments.rate,
        sabotage=arguments.sabotage,
        rounds=arguments.rounds,
    )
    plans = [first]
    if not wanted and not arguments.rounds and arguments.minutes >= _TWO_PARTS_MINUTES:
        plans.append(replace(first, minutes=first.minutes * _SECOND_PART, kinds=chosen_kinds([CLUSTER])))
    # Libraries report what we break on purpose.
    logging.disable(logging.CRITICAL)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="taskify-faults-") as folder:
        Path(folder).chmod(0o755)
        for number, plan in enumerate(plans, start=1):
            home = arguments.home or Path(folder) / "home"
            if number > 1:
                home = home.with_name(f"{home.name}-{number}")
            wrong += len(uvloop.run(Run(plan, home.resolve()).carry_out()).findings)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
