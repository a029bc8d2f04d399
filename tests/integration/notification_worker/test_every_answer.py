"""What holds for every answer of the notification API: its headers, and that requests are counted, too."""

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.problems import ProblemType
from infra.http.rate_limit import Rate
from tests.integration.notification_worker.api_client import ANN, EVE, Client, client_on, problem_of
from tests.support.tokens import Signer

SLOW = Rate(0.01, 3)


async def test_a_person_has_a_share_and_so_has_an_address_without_a_token(
    database: AsyncEngine, signer: Signer, key_set_url: str
) -> None:
    async with httpx.AsyncClient(trust_env=False) as keys_client:
        ann = client_on(database, key_set_url, signer.token(ANN.id), keys_client, SLOW)
        eve = Client(ann.http, signer.token(EVE.id), [])
        nobody = Client(ann.http, "forged", [])
        for client, status in ((ann, 200), (eve, 200), (nobody, 401)):
            assert [(await client.get("/sync")).status_code for _ in range(3)] == [status] * 3
            refused = await client.get("/sync")
            assert problem_of(refused).type == ProblemType.TOO_MANY_REQUESTS
            # A share of one in 100 s, less what the requests before have taken.
            assert 60 < int(refused.headers["Retry-After"]) <= 100
        await ann.http.aclose()


async def test_a_broken_body_of_nobody_is_answered_as_nobodys(ann: Client) -> None:
    for method, path in (("PUT", "/preferences"), ("POST", "/read-all")):
        for token in ({}, {"Authorization": "Bearer forged"}):
            headers = {"Content-Type": "application/json", **token}
            answer = await ann.http.request(method, f"/api/notifications{path}", content=b"{", headers=headers)
            assert problem_of(answer).status == 401, (path, token)


async def test_every_answer_says_that_it_is_no_page(ann: Client) -> None:
    for answer in (await ann.get("/sync"), await ann.get("/nothing/there"), await Client(ann.http, "x", []).get()):
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
