"""A person is erased: nothing of them is left here, and what they did stays, by a former member."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select

from contracts.events.user import Pending, Removed, SessionEnded, UserErased, UserErasureCompletedData
from contracts.topology import NOTIFICATION_WORKER, TASK_SERVICE
from task_service.commands.complete_erasure import note_answer
from task_service.commands.forget_old import forget_old
from task_service.commands.unit_of_work import UnitOfWork, session_factory
from task_service.models import LoginAttempt, Session, User, outbox, outbox_set_aside
from tests.integration.task_service.client import PASSWORD, Api, Json, Member, problem, wrong_places
from tests.support.search_databases import rows_naming

NAME = "Zerafina Quux"
EMAIL = "zerafina.quux@example.org"


@pytest.fixture
def unit_of_work(api: Api) -> UnitOfWork:
    return UnitOfWork(session_factory(api.engine), lambda: None)


@pytest.fixture
async def quux(api: Api, ann: Member) -> Member:
    """Somebody with a name that stands nowhere else."""
    assert ann.name == "Ann"
    return await api.log_in(await api.register(NAME, email=EMAIL))


async def erase(member: Member, password: str = PASSWORD) -> Json:
    answer = await member.request("DELETE", "/api/users/me", json={"password": password})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def receipt_of(api: Api, receipt: Json) -> Json:
    """Read it as anybody may who knows its id."""
    answer = await api.client.get(f"/api/erasures/{receipt['id']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def completed(receipt: Json, user_id: UUID, count: int, *pending: Pending) -> UserErasureCompletedData:
    return UserErasureCompletedData(
        erasure_id=UUID(receipt["id"]),
        user_id=user_id,
        service=NOTIFICATION_WORKER,
        removed=(Removed(what="notifications", count=count),),
        pending=pending,
    )


async def test_nothing_of_an_erased_person_is_left_in_the_database(
    api: Api, quux: Member, ann: Member, task_database_url: str
) -> None:
    task = await quux.create_task()
    await ann.change(task, assignee_id=str(quux.id))
    await quux.request("POST", f"/api/tasks/{task['id']}/comments", json={"body": "Mine."})
    await quux.request("POST", "/api/users/me/export")
    await api.client.post("/api/auth/login", json={"email": EMAIL, "password": "wrong password"})
    async with api.engine.begin() as connection:
        kept = select(outbox.c.id, *(outbox.c[name] for name in _SAME), outbox.c.attempts).where(
            outbox.c.body.contains(NAME)
        )
        columns = ["id", *_SAME, "attempts", "reason"]
        refused = kept.add_columns(outbox.c.type)
        await connection.execute(insert(outbox_set_aside).from_select(columns, refused))
    assert len(await rows_naming(task_database_url, [NAME, EMAIL])) >= 4

    receipt = await erase(quux)

    assert await rows_naming(task_database_url, [NAME, EMAIL]) == []
    async with api.engine.connect() as connection:
        assert (await connection.execute(select(LoginAttempt.id))).all() == []
    own = next(each for each in receipt["services"] if each["service"] == TASK_SERVICE)
    counts = {each["what"]: each["count"] for each in own["removed"]}
    assert counts.pop("events_not_sent_yet") >= 6
    # An attempt is counted before its password is found right: that of the erasure itself is one of the two.
    own_rows = {"account": 1, "sessions": 1, "login_attempts": 2, "exports": 1, "watched_tasks": 1}
    assert counts == own_rows | {"exports_of_others": 0}


_SAME = ("message_id", "type", "content_type", "routing_key", "order_key", "body", "created_at")


async def test_their_sessions_end_at_once_and_everybody_is_told(api: Api, quux: Member) -> None:
    second = await api.log_in({"id": str(quux.id), "name": NAME, "email": EMAIL})
    receipt = await erase(quux)

    for member in (quux, second):
        assert problem(await member.request("GET", "/api/users/me")) == (401, "unauthenticated")
        cookie = {"Cookie": f"taskify_refresh={member.cookie}"}
        refreshed = await api.client.post("/api/auth/refresh", headers=cookie)
        assert problem(refreshed) == (401, "unauthenticated")
    login = await api.client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert problem(login) == (401, "unauthenticated")
    events = await api.events()
    assert [type(event) for event in events[-3:]] == [SessionEnded, SessionEnded, UserErased]
    assert (events[-1].data.user_id, str(events[-1].data.erasure_id)) == (quux.id, receipt["id"])


async def test_what_they_did_stays_by_a_former_member(ann: Member, quux: Member) -> None:
    task = await quux.create_task(assignee_id=str(quux.id))
    await quux.request("POST", f"/api/tasks/{task['id']}/comments", json={"body": "Mine."})
    await erase(quux)

    seen = (await ann.request("GET", f"/api/tasks/{task['id']}")).json()
    former = {"id": str(quux.id), "name": "a former member"}
    assert (seen["creator"], seen["assignee"]) == (former, former)
    listed = (await ann.request("GET", "/api/tasks")).json()["items"]
    assert [each["creator"] for each in listed] == [former]
    comments = (await ann.request("GET", f"/api/tasks/{task['id']}/comments")).json()["items"]
    assert [(each["author"], each["body"]) for each in comments] == [(former, "Mine.")]
    assert (await ann.request("GET", f"/api/tasks/{task['id']}/watchers")).json() == []
    assert str(quux.id) not in {each["id"] for each in (await ann.request("GET", "/api/users")).json()}


async def test_nothing_is_assigned_to_somebody_who_was_erased(ann: Member, quux: Member) -> None:
    task = await ann.create_task()
    await erase(quux)

    change = await ann.request("PATCH", f"/api/tasks/{task['id']}", json={"assignee_id": str(quux.id)})
    creation = await ann.request("POST", "/api/tasks", json={"title": "New", "assignee_id": str(quux.id)})
    assert wrong_places(change) == ["body.assignee_id"]
    assert wrong_places(creation) == ["body.assignee_id"]


async def test_the_address_may_register_anew_as_somebody_else(api: Api, quux: Member) -> None:
    await erase(quux)

    anew = await api.member("Zoe")
    again = await api.log_in(await api.register("Zoe Too", email=EMAIL))
    assert again.id not in {quux.id, anew.id}


async def test_a_wrong_password_is_refused_and_counted_like_one_at_the_login(quux: Member, api: Api) -> None:
    for _ in range(10):
        refused = await quux.request("DELETE", "/api/users/me", json={"password": "not mine at all"})
        assert problem(refused) == (403, "forbidden")
    assert problem(await quux.request("DELETE", "/api/users/me", json={"password": PASSWORD})) == (
        429,
        "too_many_requests",
    )
    login = await api.client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert problem(login) == (429, "too_many_requests")


async def test_a_receipt_names_nobody_and_tells_what_each_service_has_answered(
    api: Api, quux: Member, unit_of_work: UnitOfWork
) -> None:
    receipt = await erase(quux)
    gone_by = datetime.now(UTC) + timedelta(minutes=30)
    first = completed(receipt, quux.id, 3, Pending(what="delivery_stream", gone_by=gone_by))

    assert _states(receipt) == {TASK_SERVICE: "complete", NOTIFICATION_WORKER: "waiting"}
    assert await note_answer(unit_of_work, first)
    pending = await receipt_of(api, receipt)
    assert await note_answer(unit_of_work, completed(receipt, quux.id, 5))
    # A dead letter that is replayed comes late.
    assert not await note_answer(unit_of_work, first)
    done = await receipt_of(api, receipt)

    assert _states(pending) == {TASK_SERVICE: "complete", NOTIFICATION_WORKER: "pending"}
    assert pending["completed_at"] is None
    assert [each["what"] for each in pending["services"][0]["pending"]] == ["delivery_stream"]
    assert set(_states(done).values()) == {"complete"}
    assert done["completed_at"] is not None
    assert done["services"][0]["removed"] == [{"what": "notifications", "count": 5}]
    assert str(quux.id) not in str(done)
    assert problem(await api.client.get(f"/api/erasures/{uuid4()}")) == (404, "not_found")


def _states(receipt: Json) -> dict[str, str]:
    return {each["service"]: each["state"] for each in receipt["services"]}


async def test_an_answer_for_another_erasure_changes_nothing(
    quux: Member, ann: Member, unit_of_work: UnitOfWork
) -> None:
    receipt = await erase(quux)

    assert not await note_answer(unit_of_work, completed(receipt, ann.id, 1))
    assert not await note_answer(unit_of_work, completed({"id": str(uuid4())}, quux.id, 1))


async def test_the_last_answer_takes_the_name_out_of_what_was_recorded_meanwhile(
    api: Api, quux: Member, unit_of_work: UnitOfWork, task_database_url: str
) -> None:
    async with api.engine.begin() as connection:
        late = (await connection.execute(select(outbox).where(outbox.c.body.contains(NAME)))).first()
    assert late is not None
    receipt = await erase(quux)
    async with api.engine.begin() as connection:
        await connection.execute(insert(outbox).values({name: late._mapping[name] for name in _SAME}))
    assert await rows_naming(task_database_url, [NAME]) == ["outbox.body: 1"]

    await note_answer(unit_of_work, completed(receipt, quux.id, 1))

    assert await rows_naming(task_database_url, [NAME]) == []


async def test_receipts_are_kept_for_a_time(quux: Member, api: Api, unit_of_work: UnitOfWork) -> None:
    receipt = await erase(quux)
    year = timedelta(days=365)

    assert await forget_old(unit_of_work, year) == 0
    async with api.engine.connect() as connection:
        sessions = await connection.scalar(select(func.count()).select_from(Session)) or 0
    assert await forget_old(unit_of_work, year, lambda: datetime.now(UTC) + year) == 1 + sessions
    assert problem(await api.client.get(f"/api/erasures/{receipt['id']}")) == (404, "not_found")


async def test_an_administrator_erases_others_and_a_member_does_not(
    administrator: Member, ann: Member, quux: Member
) -> None:
    assert problem(await ann.request("DELETE", f"/api/users/{quux.id}")) == (403, "forbidden")
    assert problem(await administrator.request("DELETE", f"/api/users/{administrator.id}")) == (403, "forbidden")
    assert (await administrator.request("DELETE", f"/api/users/{quux.id}")).status_code == 202
    assert problem(await administrator.request("DELETE", f"/api/users/{quux.id}")) == (404, "not_found")
    assert problem(await quux.request("GET", "/api/users/me")) == (401, "unauthenticated")


async def test_the_last_administrator_has_to_make_another_one_first(administrator: Member, ann: Member) -> None:
    password = {"password": PASSWORD}
    refused = await administrator.request("DELETE", "/api/users/me", json=password)
    assert problem(refused) == (409, "last_administrator")
    role = f"/api/users/{ann.id}/role"
    assert problem(await ann.request("PUT", role)) == (403, "forbidden")
    assert problem(await administrator.request("DELETE", f"/api/users/{administrator.id}/role")) == (
        409,
        "last_administrator",
    )

    assert (await administrator.request("PUT", role)).status_code == 204
    assert (await ann.request("GET", "/api/users/me")).json()["role"] == "administrator"
    assert (await administrator.request("DELETE", "/api/users/me", json=password)).status_code == 202


async def test_whoever_comes_after_everybody_was_erased_is_administrator(api: Api, administrator: Member) -> None:
    await erase(administrator)

    first = await api.member("First")

    assert (await first.request("GET", "/api/users/me")).json()["role"] == "administrator"
    async with api.engine.connect() as connection:
        assert len((await connection.execute(select(User.id))).all()) == 2
