from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.http.body_limit import BODY_BYTES
from notification_worker.api.application import notification_api
from notification_worker.commands.apply_events import apply_events
from tests.integration.notification_worker.api_client import ANN, EVE, JOHN, ORIGIN, Client, problem_of
from tests.support.notification_events import TaskStory
from tests.support.tokens import Signer

ONE_ID = "019a5c20-11aa-7f00-8000-0a0b0c0d0e0f"
EVERY_ROUTE = tuple(
    (method.upper(), path.removeprefix("/api/notifications").replace("{", "").replace("}", ""))
    for path, methods in notification_api().openapi()["paths"].items()
    for method in methods
)


async def fill(database: AsyncEngine, count: int) -> None:
    story = TaskStory()
    await apply_events(database, [story.created(ANN), story.assigned(JOHN, EVE)])
    for _ in range(count):
        await apply_events(database, [story.moved(JOHN)])


async def test_the_unread_ones_are_listed_newest_first_page_by_page(database: AsyncEngine, ann: Client) -> None:
    await fill(database, 5)
    answer = await ann.get(limit=2)
    assert answer.status_code == 200
    seen = answer.json()
    while "next" in answer.links:
        path = answer.links["next"]["url"]
        assert path.startswith("/api/notifications?")
        # What arrives meanwhile is newer than any page that follows.
        await apply_events(database, [TaskStory("Another").assigned(JOHN, ANN)])
        answer = await ann.get(path.removeprefix("/api/notifications"))
        seen += answer.json()
    assert [one["seq"] for one in seen] == [5, 4, 3, 2, 1]
    assert [one["created_at"] for one in seen] == sorted((one["created_at"] for one in seen), reverse=True)


async def test_a_notification_has_all_its_parts(database: AsyncEngine, ann: Client) -> None:
    story = TaskStory()
    await apply_events(database, [story.created(ANN), commented := story.commented(JOHN)])
    (shown,) = (await ann.get()).json()
    assert shown.pop("created_at") == shown.pop("updated_at")
    assert str(UUID(shown.pop("id")))
    assert shown == {
        "seq": 1,
        "type": "comment_added",
        "message": "John commented on 'Fix login bug'",
        "task_id": str(story.task.id),
        "link": f"/tasks/{story.task.id}#comment-{commented.data.comment.id}",
        "actor": {"id": str(JOHN.id), "name": "John"},
        "reasons": ["created"],
        "count": 1,
        "read_at": None,
    }


async def test_marking_is_done_before_the_answer_and_wakes_the_relay(database: AsyncEngine, ann: Client) -> None:
    await fill(database, 4)
    ids = [one["id"] for one in (await ann.get()).json()]
    for body in ({"id": ids[0]}, {"ids": [ids[1], {"id": ids[2], "seq": 99}]}):
        answer = await ann.post("/read", body)
        assert (answer.status_code, answer.content) == (204, b"")
    assert [one["id"] for one in (await ann.get()).json()] == ids[3:]
    assert (await ann.post("/unread", {"id": ids[0]})).status_code == 204
    assert [one["id"] for one in (await ann.get()).json()] == [ids[0], ids[3]]
    assert len(ann.woken) == 3
    assert (await ann.post("/unread", {"id": ids[0]})).status_code == 204
    assert len(ann.woken) == 3
    changes = (await ann.get("/sync")).json()
    assert (await ann.post("/read-all", {"up_to_seq": changes["latest_seq"]})).status_code == 204
    assert (await ann.get()).json() == []


async def test_sync_tells_what_changed_since_a_number(database: AsyncEngine, ann: Client) -> None:
    await fill(database, 3)
    start = (await ann.get("/sync")).json()
    assert (start["reset"], start["latest_seq"], start["unread_count"]) == (True, 3, 3)
    assert [one["seq"] for one in start["items"]] == [1, 2, 3]
    await ann.post("/read", {"id": start["items"][0]["id"]})
    changes = (await ann.get("/sync", after_seq=3)).json()
    assert (changes["reset"], changes["latest_seq"], changes["unread_count"]) == (False, 4, 2)
    assert [(one["id"], one["seq"]) for one in changes["items"]] == [(start["items"][0]["id"], 4)]
    assert changes["removed_ids"] == []
    assert (await ann.get("/sync", after_seq=4)).json()["items"] == []
    future = (await ann.get("/sync", after_seq=5)).json()
    assert (future["reset"], future["latest_seq"], len(future["items"])) == (True, 4, 3)


async def test_sync_over_500_changes_starts_again_with_the_newest_and_the_unread(
    database: AsyncEngine, ann: Client
) -> None:
    story = TaskStory()
    await apply_events(database, [story.created(ANN), *(story.moved(JOHN) for _ in range(501))])
    changes = (await ann.get("/sync", after_seq=0)).json()
    assert (changes["reset"], changes["latest_seq"], changes["unread_count"]) == (True, 501, 501)
    assert len(changes["items"]) == 500
    assert (await ann.get("/sync", after_seq=1)).json()["reset"] is False
    await ann.post("/read-all", {"up_to_seq": 501})
    changes = (await ann.get("/sync")).json()
    assert (len(changes["items"]), changes["unread_count"]) == (50, 0)


async def test_an_inbox_that_does_not_exist_yet_is_empty(ann: Client) -> None:
    assert (await ann.get()).json() == []
    changes = (await ann.get("/sync", after_seq=0)).json()
    nothing = {"items": [], "removed_ids": [], "latest_seq": 0, "unread_count": 0}
    assert changes == {**nothing, "reset": False, "history_days": 30}
    assert (await ann.post("/read-all", {"up_to_seq": 3})).status_code == 204


async def test_the_notification_of_somebody_else_is_not_found_and_nothing_changes(
    database: AsyncEngine, ann: Client, eve: Client
) -> None:
    await fill(database, 1)
    (own,) = (await ann.get()).json()
    foreign = (await eve.get()).json()[0]["id"]
    for route in ("/read", "/unread"):
        for other in (foreign, str(uuid4())):
            answer = await ann.post(route, {"ids": [own["id"], other]})
            assert answer.status_code == 404
            assert problem_of(answer).type == "not_found"
    assert (await ann.get()).json() == [own]
    assert ann.woken == []


async def test_sync_tells_of_ones_own_inbox_only(database: AsyncEngine, ann: Client, eve: Client) -> None:
    await fill(database, 1)
    told = [(await one.get("/sync", after_seq=0)).json() for one in (ann, eve)]
    anns, eves = [{item["id"] for item in answer["items"]} for answer in told]
    assert anns
    assert eves
    assert not anns & eves


@pytest.mark.parametrize(
    ("route", "body", "where"),
    [
        ("/read", {}, "body"),
        ("/read", {"id": "7"}, "body.id"),
        ("/read", {"id": str(uuid4()), "ids": [str(uuid4())]}, "body"),
        ("/read", {"ids": []}, "body.ids"),
        ("/read", {"ids": [str(uuid4())] * 501}, "body.ids"),
        ("/read", {"id": str(uuid4()), "sequence": 3}, "body.sequence"),
        ("/unread", {"id": str(uuid4()), "seq": -1}, "body.seq"),
        ("/read-all", {}, "body.up_to_seq"),
        ("/read-all", {"up_to_seq": 2**63}, "body.up_to_seq"),
        ("/read-all", {"up_to_seq": True}, "body.up_to_seq"),
        ("/read-all", {"up_to_seq": "3"}, "body.up_to_seq"),
        ("/unread", {"id": str(uuid4()), "seq": True}, "body.seq"),
    ],
)
async def test_a_body_that_is_not_valid_is_refused_where_it_is_wrong(
    ann: Client, route: str, body: dict[str, Any], where: str
) -> None:
    answer = await ann.post(route, body)
    assert answer.status_code == 422
    problem = problem_of(answer)
    assert problem.type == "invalid_request"
    assert where in {error.where for error in problem.errors}


@pytest.mark.parametrize(
    ("path", "params", "where"),
    [
        ("", {"limit": 0}, "query.limit"),
        ("", {"limit": 101}, "query.limit"),
        ("", {"cursor": "made up"}, "query.cursor"),
        ("", {"cursor": "WyIyMDI2LTAxLTAxIiwgIjEiXQ"}, "query.cursor"),
        ("", {"cursor": "a" * 1000}, "query.cursor"),
        ("/sync", {"after_seq": -1}, "query.after_seq"),
        ("/sync", {"after_seq": "x"}, "query.after_seq"),
        ("/history", {"limit": 101}, "query.limit"),
        ("/history", {"cursor": "made up"}, "query.cursor"),
        (f"/{ONE_ID}/members", {"limit": 0}, "query.limit"),
        (f"/{ONE_ID}/members", {"cursor": "made up"}, "query.cursor"),
        ("/7/members", {}, "path.notification_id"),
        ("/7/why", {}, "path.notification_id"),
        ("/why-not", {}, "query.task_id"),
        ("/why-not", {"task_id": "7"}, "query.task_id"),
        ("/muted-tasks", {"limit": 101}, "query.limit"),
        ("/muted-tasks", {"cursor": "made up"}, "query.cursor"),
        ("/muted-tasks/7", {}, "path.task_id"),
    ],
)
async def test_a_query_that_is_not_valid_is_refused_where_it_is_wrong(
    ann: Client, path: str, params: dict[str, Any], where: str
) -> None:
    answer = await ann.get(path, **params)
    assert answer.status_code == 422
    assert where in {error.where for error in problem_of(answer).errors}


async def test_a_body_that_is_not_json_or_too_large_is_refused(ann: Client, signer: Signer) -> None:
    headers = {"Authorization": f"Bearer {signer.token(ANN.id)}", "Content-Type": "application/json"}
    answer = await ann.http.post("/api/notifications/read", content=b"{", headers=headers)
    assert (answer.status_code, problem_of(answer).type) == (400, "invalid_request")
    answer = await ann.http.post("/api/notifications/read", content=b" " * (BODY_BYTES + 1), headers=headers)
    assert (answer.status_code, problem_of(answer).type) == (413, "payload_too_large")


async def test_without_a_good_token_nobody_gets_in(cut_off: Client, signer: Signer) -> None:
    good = signer.token(ANN.id)
    tokens = ["", "no token", Signer().token(ANN.id), signer.token(ANN.id, seconds=-60), signer.unsigned(ANN.id)]
    for header in (None, good, *(f"Bearer {token}" for token in tokens)):
        headers = {} if header is None else {"Authorization": header}
        for method, path in EVERY_ROUTE:
            answer = await cut_off.http.request(method, f"/api/notifications{path}", headers=headers)
            assert answer.status_code == 401
            assert problem_of(answer).type == "unauthenticated"
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_an_unknown_path_and_method_are_problems_too(cut_off: Client) -> None:
    assert problem_of(await cut_off.get("/nowhere")).type == "not_found"
    assert problem_of(await cut_off.post("/sync", {})).type == "method_not_allowed"


async def test_a_database_that_is_away_is_unavailable_and_the_page_may_read_that(
    cut_off: Client, signer: Signer
) -> None:
    headers = {"Authorization": f"Bearer {signer.token(ANN.id)}", "Origin": ORIGIN}
    answer = await cut_off.http.get("/api/notifications", headers=headers)
    assert (answer.status_code, problem_of(answer).type) == (503, "unavailable")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


async def test_only_the_origins_of_the_page_may_ask(cut_off: Client) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        preflight = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization"}
        for origin, allowed in ((ORIGIN, ORIGIN), ("http://evil.example", None), (f"{ORIGIN}.evil.example", None)):
            answer = await cut_off.http.options("/api/notifications/read", headers={"Origin": origin, **preflight})
            assert answer.headers.get("Access-Control-Allow-Origin") == allowed
            assert (answer.status_code == 200) is (allowed is not None)
