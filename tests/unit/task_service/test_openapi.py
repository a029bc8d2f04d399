"""The description of the API that the page's types are made from."""

import json
from typing import Any

import pytest

from task_service.__main__ import OPENAPI
from task_service.app import describe

DOCUMENT: dict[str, Any] = json.loads(OPENAPI.read_text())
OPERATIONS = [
    (f"{method} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def test_the_checked_in_description_is_what_the_code_says() -> None:
    assert describe(OPENAPI, check=True) == 0


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_every_operation_tells_of_problems_in_their_one_format(name: str, operation: dict[str, Any]) -> None:
    assert name
    assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"]
    assert "422" not in operation["responses"]


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_every_operation_of_members_says_that_it_needs_a_token(name: str, operation: dict[str, Any]) -> None:
    public = "/api/auth/" in name or "/api/erasures/" in name or "/api/" not in name

    assert ("security" in operation) is not public


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    names = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}

    assert '"#/$defs' not in text
    assert names <= set(DOCUMENT["components"]["schemas"])


def test_every_request_refuses_unknown_fields() -> None:
    requests = {name: schema for name, schema in DOCUMENT["components"]["schemas"].items() if name.endswith("Request")}

    assert requests
    assert all(schema["additionalProperties"] is False for schema in requests.values())
