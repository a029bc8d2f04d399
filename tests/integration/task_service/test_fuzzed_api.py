"""Whatever is sent to the task API, its answer is one that its OpenAPI document promises."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from schemathesis import Case

from task_service.__main__ import OPENAPI
from tests.fuzz.effort import Effort
from tests.fuzz.requests import answer_to, cases_of
from tests.integration.task_service.client import Api, Member

EXAMPLES = 60
OF_MEMBERS = ("/api/tasks", "/api/users")

effort = Effort()
cases = cases_of(json.loads(OPENAPI.read_text()))


@effort.settings(EXAMPLES)
@given(case=cases, has_token=st.integers(0, 9).map(bool))
async def test_every_answer_is_as_the_document_says(api: Api, ann: Member, case: Case[Any], *, has_token: bool) -> None:
    answer = await answer_to(case, api.client, ann.token if has_token else None)
    api.client.cookies.clear()
    assert answer.status_code < 500
    assert has_token or answer.status_code in {401, 404, 405} or not case.path.startswith(OF_MEMBERS)
    effort.report("schemathesis: task API", 1)
