"""Whatever is sent to the notification API, its answer is one that its OpenAPI document promises."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from schemathesis import Case
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.http.openapi import openapi_document
from notification_worker.api.application import notification_api
from notification_worker.commands.apply_events import apply_events
from tests.fuzz.effort import Effort
from tests.fuzz.requests import answer_to, cases_of
from tests.integration.notification_worker.api_client import ANN, JOHN, Client
from tests.support.notification_events import TaskStory, registered
from tests.support.tokens import Signer

EXAMPLES = 50

effort = Effort()
cases = cases_of(json.loads(json.dumps(openapi_document(notification_api()))))


@effort.settings(EXAMPLES)
@given(case=cases, has_token=st.integers(0, 9).map(bool))
async def test_every_answer_is_as_the_document_says(
    database: AsyncEngine, ann: Client, signer: Signer, case: Case[Any], *, has_token: bool
) -> None:
    story = TaskStory()
    await apply_events(database, [registered(ANN), story.created(JOHN), story.assigned(JOHN, ANN)])
    answer = await answer_to(case, ann.http, signer.token(ANN.id) if has_token else None)
    assert answer.status_code < 500
    assert has_token or answer.status_code in {401, 404, 405}
    effort.report("schemathesis: notification API", 1)
