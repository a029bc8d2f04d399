"""The page for client writers names all that there is, with examples that are true."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from contracts.socket.close_codes import CLOSE_RULES, CloseCode, ComeBack
from contracts.socket.frames import client_frame, server_frame

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text()

EXAMPLES = [
    json.loads(line) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]


def types_of(adapter: TypeAdapter[Any]) -> set[str]:
    mapping: dict[str, str] = adapter.json_schema()["discriminator"]["mapping"]
    return set(mapping)


def rows_of(code: CloseCode) -> list[str]:
    return re.findall(rf"^\| {int(code)} \|.*$", PAGE, re.MULTILINE)


def test_the_page_has_an_example_of_every_frame_and_all_are_valid() -> None:
    seen = {example["type"] for example in EXAMPLES}
    assert seen == types_of(client_frame) | types_of(server_frame)

    for example in EXAMPLES:
        adapter = client_frame if example["type"] in types_of(client_frame) else server_frame
        adapter.validate_python(json.loads(json.dumps(example)), extra="forbid")


@pytest.mark.parametrize("code", list(CloseCode))
def test_the_page_says_of_every_close_code_whether_to_come_back(code: CloseCode) -> None:
    (row,) = rows_of(code)
    advice = {
        ComeBack.NEVER: "do not come back",
        ComeBack.WITH_BACKOFF: "come back with backoff",
        ComeBack.WITH_NEW_TOKEN: "get a new token, then come back",
    }[CLOSE_RULES[code].come_back]

    assert advice in row
