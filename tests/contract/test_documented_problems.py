import re
from pathlib import Path

from contracts.problems import ProblemType

REST = Path(__file__).parents[2] / "docs" / "rest.md"


def test_the_page_about_rest_names_every_problem_and_no_other() -> None:
    _, _, problems = REST.read_text().partition("## Problems")

    assert set(re.findall(r"^\| `(\w+)` \| \d", problems, re.MULTILINE)) == set(ProblemType)
