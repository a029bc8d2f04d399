"""The guide says what is so: the messages of mistakes, which the example's tests hold, the options and the methods."""

import inspect
import re

import pytest

from taskify_testkit import Contract, Person, Taskify
from taskify_testkit.settings import OPTIONS
from tests.support.system import REPOSITORY

GUIDE = (REPOSITORY / "docs" / "testkit.md").read_text()
MESSAGES = sorted((REPOSITORY / "examples" / "billing" / "tests" / "messages").glob("*.txt"))
FIVE = {"wrong_type", "unknown_recipient", "foreign_source", "missing_field", "nobody_listening"}

NOT_FOR_TESTS = {"problems", "refusals", "service"}


def test_the_messages_of_the_guide_are_those_that_are_told() -> None:
    shown = set(re.findall(r"```text\n(.*?)```", GUIDE, re.DOTALL))
    told = {path.stem: path.read_text() for path in MESSAGES}

    assert shown <= set(told.values())
    assert {name for name, text in told.items() if text in shown} >= FIVE


def test_the_guide_names_every_option_and_no_other() -> None:
    (table,) = re.findall(r"## Options\n(.*?)\n## ", GUIDE, re.DOTALL)

    assert set(re.findall(r"^\| `(taskify_\w+)` \|", table, re.MULTILINE)) == set(OPTIONS)


@pytest.mark.parametrize("shown", [Taskify, Person, Contract])
def test_the_guide_names_everything_that_a_test_can_do(shown: type) -> None:
    public = {name for name, _ in inspect.getmembers(shown) if not name.startswith("_")} - NOT_FOR_TESTS

    assert {name for name in public if name not in GUIDE} == set()


def test_the_guide_and_the_example_lead_to_what_is_there() -> None:
    for page in (REPOSITORY / "docs" / "testkit.md", REPOSITORY / "examples" / "billing" / "README.md"):
        targets = re.findall(r"\]\(([^)#]+)\)", page.read_text())
        missing = [each for each in targets if not each.startswith("https:") and not (page.parent / each).exists()]

        assert targets
        assert missing == [], page
