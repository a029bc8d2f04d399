"""The page about security names tests that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "security.md"


def named_tests() -> Iterator[tuple[str, str]]:
    """Give file and name of each; the sign for "as before" stands for the file that was named last."""
    file = ""
    for named, name in re.findall(r"`([\w/.…]+)::(\w+)`", PAGE.read_text()):
        file = file if named == "…" else named
        yield file, name


def test_every_test_that_the_page_about_security_names_is_there() -> None:
    named = list(named_tests())
    missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (TESTS / file).read_text()]

    assert missing == []
    assert len(named) > 40
