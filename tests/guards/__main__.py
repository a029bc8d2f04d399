"""Take the guards out one after the other, and see their tests fail; fail if one does not.

`python -m tests.guards [--table] [WORD ...]`: only the guards whose name has one of the words, and tests that have.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from infra.database.migrations import upgrade
from infra.local.children import all_children
from tests.guards import table
from tests.guards.guard import Guard
from tests.guards.guards import GUARDS
from tests.guards.trial import Outcome, Trial
from tests.support.servers import ExistingServers, Vhost, running_broker, running_postgres

_LONGEST_FAILURE = 160


def main() -> int:
    """Run what the command line says; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.guards", description=__doc__)
    parser.add_argument("--table", action="store_true", help="write how they fail into docs/guards.md")
    parser.add_argument("words", nargs="*", help="only guards with one of these in their name or tests")
    arguments = parser.parse_args()
    chosen = _chosen(arguments.words)
    with tempfile.TemporaryDirectory(prefix="taskify-guards-") as name, _servers(Path(name)) as servers:
        folder = Path(name) / "tree"
        folder.mkdir()
        return _take_out(Trial.copied(folder, servers), chosen, into_table=arguments.table)


def _take_out(trial: Trial, guards: list[Guard], *, into_table: bool) -> int:
    for guard in guards:
        guard.taken_out(trial.tree)
    began = time.monotonic()
    tests = list(dict.fromkeys(test for guard in guards for test in guard.tests))
    outcome = trial.run(tests)
    useless = {test for test in tests if any(_is_of(failure.test, test) for failure in outcome.failures)}
    if outcome.code and not useless:
        _say(outcome.printed)
        return 1
    for test in sorted(useless):
        _say(f"does not pass while all guards are there: {test}")
    if useless:
        _say(outcome.printed)
    _say(f"{len(tests) - len(useless)} tests pass while all guards are there")
    failures, runs, green = table.read(), 0, 0
    for guard in guards:
        for test in guard.tests:
            if test in useless:
                continue
            started = time.monotonic()
            with trial.without(guard):
                outcome = trial.run([test])
            said = _verdict(outcome)
            runs += 1
            failures.pop((guard.name, test), None)
            if outcome.failure is None:
                green += 1
            else:
                failures[guard.name, test] = table.said(outcome.failure.said)
            _say(f"{guard.name} [{time.monotonic() - started:.0f} s] {test}: {said}")
    _say(
        f"{len(guards)} guards taken out, {runs} times a test was run without one, {green} times it did not fail, "
        f"{(time.monotonic() - began) / 60:.1f} minutes"
    )
    if into_table:
        table.write(GUARDS, failures)
    return 1 if green or useless else 0


def _is_of(node: str, test: str) -> bool:
    """Say whether what pytest names, perhaps with its parameters, is a test of ours."""
    return node.removeprefix("tests/").partition("[")[0] == test


def _verdict(outcome: Outcome) -> str:
    if outcome.failure is not None:
        return f"red: {outcome.failure.said[:_LONGEST_FAILURE]}"
    around = [f"{failure.phase} broke: {failure.said[:_LONGEST_FAILURE]}" for failure in outcome.failures]
    if outcome.code and not around:
        return f"NOT RED, it did not run:\n{outcome.printed}"
    return f"NOT RED{'; '.join(['', *around])}"


def _chosen(words: list[str]) -> list[Guard]:
    """Give the guards that one of the words names, and of the others those of their tests that one names."""
    if not words:
        return list(GUARDS)
    chosen = []
    for guard in GUARDS:
        by_name = any(word in guard.name for word in words)
        tests = tuple(test for test in guard.tests if by_name or any(word in test for word in words))
        if tests:
            chosen.append(replace(guard, tests=tests))
    return chosen


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
