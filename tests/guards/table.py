"""The page that says of each guard how its tests fail without it."""

import re
from collections.abc import Mapping
from pathlib import Path

from tests.guards.guard import Guard

PAGE = Path(__file__).parents[2] / "docs" / "guards.md"

Failures = dict[tuple[str, str], str]
"""How a test failed, by the name of the guard and the test."""

_HEAD = """\
# Guards taken out

What became of each test when its guard was not there ([security.md](security.md#guards-taken-out) says why). Written by
`python -m tests.guards --table`, which replaces the lines of those that it has run.

| guard taken out | in | test | it fails with |
|---|---|---|---|
"""
_LONGEST = 110
_PLAIN = str.maketrans("|`", "¦'")
_ROW = re.compile(r"\| (?P<guard>.+?) \| `[^`]+` \| `(?P<test>[^`]+)` \| `(?P<said>.+)` \|")
_OTHER_EACH_TIME = re.compile(r"0x[0-9a-f]+|eyJ[\w.-]+|/\S*/|[\w.:+-]*\d[\w.:+-]{15,}")


def read(page: Path = PAGE) -> Failures:
    """Give what a page says, which may not be there yet."""
    rows = map(_ROW.fullmatch, page.read_text().splitlines() if page.exists() else ())
    return {(row["guard"], row["test"]): row["said"] for row in rows if row is not None}


def write(guards: tuple[Guard, ...], failures: Mapping[tuple[str, str], str], page: Path = PAGE) -> None:
    """Write the page of these guards, in their order; those that were never seen red have no line."""
    rows = [
        f"| {guard.name} | `{guard.file}` | `{test}` | `{failures[guard.name, test]}` |\n"
        for guard in guards
        for test in guard.tests
        if (guard.name, test) in failures
    ]
    page.write_text(_HEAD + "".join(rows))


def said(failure: str) -> str:
    """Shorten what a test has said to what is the same in each run."""
    plain = _OTHER_EACH_TIME.sub("…", failure).translate(_PLAIN)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
