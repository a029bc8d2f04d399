"""Search for longer than the tests do, and print what was tried; fail on a finding.

`python -m tests.fuzz [--minutes N] [--times N]`
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
_TIMES = 20
_SEARCHES = (
    "tests/fuzz",
    "tests/integration/task_service/test_fuzzed_api.py",
    "tests/integration/notification_worker/test_fuzzed_api.py",
)


def main() -> int:
    """Search in rounds until the time is over; the round under way is finished."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--times", type=int, default=_TIMES, help="so many times the examples of the tests, each round")
    arguments = parser.parse_args()
    began = time.monotonic()
    rounds = 0
    with tempfile.TemporaryDirectory(prefix="taskify-fuzz-") as name:
        report = Path(name) / "cases"
        while not rounds or time.monotonic() < began + 60 * arguments.minutes:
            rounds += 1
            if _round(report, arguments.times):
                sys.stdout.write(f"found something in round {rounds}, see above\n")
                return 1
        cases = _counted(report)
    for search, count in sorted(cases.items()):
        sys.stdout.write(f"{search:40} {count:>10,} cases\n")
    sys.stdout.write(f"{rounds} rounds in {(time.monotonic() - began) / 60:.1f} minutes, nothing found\n")
    return 0


def _round(report: Path, times: int) -> int:
    environment = {"PATH": os.defpath, "TEST_FUZZ_TIMES": str(times), "TEST_FUZZ_REPORT_TO": str(report)}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--timeout", "0", "-p", "no:cacheprovider", *_SEARCHES]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode


def _counted(report: Path) -> Counter[str]:
    cases: Counter[str] = Counter()
    for line in report.read_text().splitlines():
        search, count = line.split("\t")
        cases[search] += int(count)
    return cases


if __name__ == "__main__":
    sys.exit(main())
