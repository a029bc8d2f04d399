"""Requests that an OpenAPI document allows or forbids, and whether the answers are what it promises."""

import json
from collections.abc import Sequence
from typing import Any

import httpx
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

ADDRESS = "http://api.example"

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


_WITHOUT_TOKENS = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
"""The token is ours to send or not: one that a case leaves out would be put back, and the case be wrong no more."""


def cases_of(document: dict[str, Any], without: Sequence[str] = ()) -> st.SearchStrategy[schemathesis.Case[Any]]:
    """Give requests to all operations but those with these paths, as the document wants them and as it does not."""
    schema = schemathesis.openapi.from_dict(document, config=_WITHOUT_TOKENS)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    chosen = [one for one in operations if one.path not in without]
    return st.one_of(
        *(one.as_strategy(mode) for one in chosen for mode in schemathesis.GenerationMode if _can_be(one, mode))
    )


def _can_be(operation: Any, mode: schemathesis.GenerationMode) -> bool:
    """What takes nothing cannot be wrong."""
    takes = operation.body or operation.query or operation.path_parameters or operation.headers
    return mode is schemathesis.GenerationMode.POSITIVE or bool(takes)


async def answer_to(case: schemathesis.Case[Any], client: httpx.AsyncClient, token: str | None) -> httpx.Response:
    """Send a request, and hold the answer against the document."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    parts = case.as_transport_kwargs(base_url=ADDRESS, headers=headers)
    sent = httpx.Request(
        parts["method"],
        parts["url"],
        params=parts.get("params"),
        headers=dict(parts["headers"]),
        cookies=parts.get("cookies"),
        content=_body(parts),
    )
    answer = await client.send(sent)
    await answer.aread()
    case.validate_response(answer, checks=CHECKS)
    return answer


def _body(parts: dict[str, Any]) -> bytes | None:
    """Give the body as bytes; JSON with what JSON does not have, like NaN, is sent too."""
    if "json" in parts:
        return json.dumps(parts["json"]).encode()
    body = parts.get("data")
    return body.encode() if isinstance(body, str) else body
