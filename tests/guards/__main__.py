"""Take the guards out one after the other, and see their tests fail; fail if one does not.

`python -m tests.guards [--table FILE] [WORD ...]`: only the guards whose name or test has one of the words.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.database.migrations import upgrade
from infra.local.children import all_children
from tests.guards.guard import Guard
from tests.guards.guards import GUARDS
from tests.guards.trial import Trial
from tests.support.servers import ExistingServers, Vhost, running_broker, running_postgres

_LONGEST_FAILURE = 160
_PLAIN = str.maketrans("|`", "¦'")


def main() -> int:
    """Run what the command line says; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.guards", description=__doc__)
    parser.add_argument("--table", type=Path, help="write the result as a table")
    parser.add_argument("words", nargs="*", help="only guards with one of these in their name or tests")
    arguments = parser.parse_args()
    chosen = [guard for guard in GUARDS if _is_meant(guard, arguments.words)]
    with tempfile.TemporaryDirectory(prefix="taskify-guards-") as name, _servers(Path(name)) as servers:
        folder = Path(name) / "tree"
        folder.mkdir()
        return _take_out(Trial.copied(folder, servers), chosen, arguments.table)


def _take_out(trial: Trial, guards: list[Guard], table: Path | None) -> int:
    for guard in guards:
        guard.taken_out(trial.tree)
    tests = list(dict.fromkeys(test for guard in guards for test in guard.tests))
    code, said = trial.run(tests)
    useless = {test for test in tests if f" tests/{test}" in said}
    if code and not useless:
        _say(said)
        return 1
    for test in sorted(useless):
        _say(f"does not pass while all guards are there: {test}")
    _say(f"{len(tests) - len(useless)} tests pass while all guards are there")
    rows, green = [], 0
    for guard in guards:
        began = time.monotonic()
        for test in guard.tests:
            if test in useless:
                failure = None
            else:
                with trial.without(guard):
                    failure = trial.failure_of(test)
            green += failure is None
            verdict = "NOT RED" if failure is None else f"red: {failure[:_LONGEST_FAILURE]}"
            _say(f"{guard.name} [{time.monotonic() - began:.0f} s] {test}: {verdict}")
            rows.append((guard, test, failure))
    _say(f"{len(guards)} guards taken out, {len(rows)} times a test was run without one, {green} times it did not fail")
    if table is not None:
        table.write_text(_table(rows))
    return 1 if green else 0


def _table(rows: list[tuple[Guard, str, str | None]]) -> str:
    lines = ["| guard taken out | in | test | it fails with |", "|---|---|---|---|"]
    for guard, test, failure in rows:
        said = "**nothing**" if failure is None else f"`{failure[:_LONGEST_FAILURE].translate(_PLAIN)}`"
        lines.append(f"| {guard.name} | `{guard.file}` | `{test}` | {said} |")
    return "\n".join(lines) + "\n"


def _is_meant(guard: Guard, words: list[str]) -> bool:
    return not words or any(word in " ".join((guard.name, *guard.tests)) for word in words)


@contextmanager
def _servers(folder: Path) -> Iterator[dict[str, str]]:
    """Give the settings of servers for all runs: those that are there, or new ones."""
    folder.chmod(0o755)
    with (
        all_children(folder) as children,
        running_postgres(children, folder / "postgres", upgrade) as postgres,
        running_broker(children, folder / "rabbitmq") as broker,
    ):
        yield {
            "TEST_POSTGRES_URL": postgres.admin_url,
            "TEST_RABBITMQ_URL": ExistingServers().rabbitmq_url or Vhost("", broker.address).administrator,
            "TEST_RABBITMQ_MANAGEMENT_URL": str(broker.management.base_url),
        }


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
