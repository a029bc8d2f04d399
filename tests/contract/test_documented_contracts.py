import json
import re
from pathlib import Path

import jsonschema

from contracts.events import parse_event
from contracts.events.refusals import NOT_APPLICABLE, REASONS
from contracts.generate import SCHEMAS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "contracts.md").read_text()


def test_the_event_of_the_page_about_contracts_is_one() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)

    event = parse_event(example.encode())

    schema = json.loads((SCHEMAS / "events" / f"{event.type}.json").read_text())
    jsonschema.validate(json.loads(example), schema)


def test_the_page_about_contracts_names_every_reason_of_a_dead_letter_and_no_other() -> None:
    (sentence,) = re.findall(r"in the header `x-reason`: (.*?)\.", PAGE, re.DOTALL)

    assert set(re.findall(r"`(\w+)`", sentence)) == {*REASONS.values(), NOT_APPLICABLE}


def test_the_page_about_contracts_links_to_what_is_there() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", PAGE)

    assert targets
    assert [target for target in targets if not (DOCS / target).exists()] == []
