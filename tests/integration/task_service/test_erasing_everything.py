"""What an erasure has to find that is not the person's own, or is written while it goes on."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from sqlalchemy import insert, select, text, update

from contracts.events.user import UserErasureCompletedData, UserExportedData, UserExportRequestedData
from contracts.topology import NOTIFICATION_WORKER
from task_service.commands.complete_erasure import note_answer
from task_service.commands.gather_export import gather_own_parts, keep_part
from task_service.commands.unit_of_work import UnitOfWork, session_factory
from task_service.models import Session, User, Watcher
from tests.integration.task_service.client import PASSWORD, Api, Json, Member, problem, wrong_places
from tests.support.search_databases import rows_naming

NAME = "Zerafina Quux"


@pytest.fixture
def unit_of_work(api: Api) -> UnitOfWork:
    return UnitOfWork(session_factory(api.engine), lambda: None)


@pytest.fixture
async def quux(api: Api, ann: Member) -> Member:
    assert ann.name == "Ann"
    return await api.log_in(await api.register(NAME, email="zerafina@example.org"))


async def erase(member: Member) -> Json:
    answer = await member.request("DELETE", "/api/users/me", json={"password": PASSWORD})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def begin_export(member: Member) -> Json:
    return dict((await member.request("POST", "/api/users/me/export")).json())


async def state_of(member: Member, export: Json) -> str:
    return str((await member.request("GET", f"/api/users/me/export/{export['id']}")).json()["state"])


def part_naming(actor: Member, reader: Member, export: Json) -> UserExportedData:
    """Say what the worker says of a notification that somebody is shown of what another did."""
    row: dict[str, Any] = {"actor_id": str(actor.id), "actor_name": actor.name, "text": f"{actor.name} commented"}
    return UserExportedData(
        export_id=UUID(export["id"]),
        user_id=reader.id,
        service=NOTIFICATION_WORKER,
        part=1,
        parts=1,
        document={"notifications": [row]},
    )


async def complete(unit_of_work: UnitOfWork, receipt: Json, member: Member) -> None:
    answer = UserErasureCompletedData(
        erasure_id=UUID(receipt["id"]), user_id=member.id, service=NOTIFICATION_WORKER, removed=(), pending=()
    )
    assert await note_answer(unit_of_work, answer)


async def test_exports_of_others_that_name_an_erased_person_are_taken_back(
    ann: Member, bob: Member, quux: Member, unit_of_work: UnitOfWork, task_database_url: str
) -> None:
    naming, other = await begin_export(ann), await begin_export(bob)
    for member, export, actor in ((ann, naming, quux), (bob, other, ann)):
        requested = UserExportRequestedData(export_id=UUID(export["id"]), user_id=member.id)
        await gather_own_parts(unit_of_work, requested)
        await keep_part(unit_of_work, part_naming(actor, member, export))
    assert "export_parts.document: 1" in await rows_naming(task_database_url, [NAME])

    receipt = await erase(quux)

    assert await rows_naming(task_database_url, [NAME]) == []
    assert (await state_of(ann, naming), await state_of(bob, other)) == ("expired", "ready")
    file = await ann.request("GET", f"/api/users/me/export/{naming['id']}/file")
    assert problem(file) == (404, "not_found")
    assert (await begin_export(ann))["id"] != naming["id"]
    removed = next(one["removed"] for one in receipt["services"] if one["removed"])
    assert {"what": "exports_of_others", "count": 1} in removed


async def test_a_part_that_was_read_before_an_erasure_and_comes_after_it_is_not_kept(
    ann: Member, quux: Member, unit_of_work: UnitOfWork, task_database_url: str
) -> None:
    export = await begin_export(ann)
    await erase(quux)

    await keep_part(unit_of_work, part_naming(quux, ann, export))

    assert await rows_naming(task_database_url, [NAME]) == []
    assert await state_of(ann, export) == "expired"


async def test_the_last_answer_finds_what_was_written_while_the_erasure_went_on(
    api: Api, ann: Member, quux: Member, unit_of_work: UnitOfWork, task_database_url: str
) -> None:
    task, export = await ann.create_task(), await begin_export(ann)
    part = part_naming(quux, ann, export)
    receipt = await erase(quux)
    # What a transaction would leave that saw nothing of the erasure.
    late = {"export_id": part.export_id, "service": part.service, "part": 1, "parts": 1, "document": str(part.document)}
    columns = ", ".join(late)
    async with api.engine.begin() as connection:
        values = ", ".join(f":{name}" for name in late)
        await connection.execute(text(f"INSERT INTO export_parts ({columns}) VALUES ({values})"), late)  # noqa: S608 (names)
        await connection.execute(
            insert(Watcher).values(task_id=UUID(task["id"]), user_id=quux.id, reasons=["manual"], stopped=False)
        )
    assert await rows_naming(task_database_url, [NAME]) == ["export_parts.document: 1"]

    await complete(unit_of_work, receipt, quux)

    assert await rows_naming(task_database_url, [NAME]) == []
    assert await state_of(ann, export) == "expired"
    async with api.engine.connect() as connection:
        assert (await connection.execute(select(Watcher.task_id).where(Watcher.user_id == quux.id))).all() == []


async def test_nobody_can_keep_another_from_being_erased_by_taking_an_address(api: Api, quux: Member) -> None:
    for address in (f"{quux.id}@erased.invalid", "any@ERASED.invalid"):
        body = {"email": address, "name": "Eve", "password": PASSWORD}
        assert wrong_places(await api.client.post("/api/auth/register", json=body)) == ["body.email"]
    # From a time when it could be registered.
    eve = await api.member("Eve")
    async with api.engine.begin() as connection:
        await connection.execute(update(User).where(User.id == eve.id).values(email=f"{quux.id}@erased.invalid"))

    await erase(quux)


async def test_when_an_erased_person_registered_is_not_kept(api: Api, quux: Member) -> None:
    before = datetime.now(UTC)
    await erase(quux)

    async with api.engine.connect() as connection:
        row = (await connection.execute(select(User.created_at, User.erased_at).where(User.id == quux.id))).one()
    assert row.created_at == row.erased_at >= before


@pytest.mark.parametrize("what", ["create", "comment", "watch", "unwatch", "change", "delete"])
async def test_a_request_under_way_during_an_erasure_writes_nothing(
    api: Api, quux: Member, unit_of_work: UnitOfWork, what: str
) -> None:
    """The request is let in; before it reads its actor the erasure has the row, and the request waits."""
    task = await quux.create_task(title="Quux's")
    path = f"/api/tasks/{task['id']}"
    requests = {
        "create": lambda: quux.request("POST", "/api/tasks", json={"title": "Late"}),
        "comment": lambda: quux.request("POST", f"{path}/comments", json={"body": "Late"}),
        "watch": lambda: quux.request("PUT", f"{path}/watch"),
        "unwatch": lambda: quux.request("DELETE", f"{path}/watch"),
        "change": lambda: quux.request("PATCH", path, json={"title": "Late"}),
        "delete": lambda: quux.request("DELETE", path),
    }
    before = len(await api.events())
    async with asyncio.TaskGroup() as group, unit_of_work.begin() as erasing:
        user = (await erasing.session.scalars(_locked(quux))).one()
        user.erased_at, user.email = datetime.now(UTC), f"{uuid4()}@erased.invalid"
        await erasing.session.flush()
        request = group.create_task(requests[what]())
        await _until_somebody_waits(api)
    assert problem(request.result()) == (401, "unauthenticated")
    assert len(await api.events()) == before


def _locked(member: Member) -> Any:
    return select(User).where(User.id == member.id).with_for_update(key_share=True)


async def _until_somebody_waits(api: Api) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with asyncio.timeout(30):
        while True:
            async with api.engine.connect() as connection:
                if await connection.scalar(waiting):
                    return
            await asyncio.sleep(0.02)


async def test_an_access_token_does_not_outlive_its_session(api: Api, ann: Member) -> None:
    session_id = (await api.tokens.verify(ann.token)).session_id
    async with api.engine.begin() as connection:
        ends = text("SELECT now() + interval '100 seconds'")
        end = await connection.scalar(ends)
        await connection.execute(update(Session).where(Session.id == session_id).values(expires_at=end))

    answer = await api.client.post("/api/auth/refresh", headers={"Cookie": f"taskify_refresh={ann.cookie}"})

    assert answer.status_code == 200, answer.text
    assert 60 < answer.json()["expires_in"] <= 100
    assert (await api.tokens.verify(answer.json()["access_token"])).expires_at <= end


async def test_what_administrators_do_to_others_leaves_a_line_with_ids_and_no_names(
    administrator: Member, quux: Member
) -> None:
    path = f"/api/users/{quux.id}"
    with structlog.testing.capture_logs() as logged:
        for method, wanted in (("PUT", f"{path}/role"), ("DELETE", f"{path}/role"), ("DELETE", path)):
            assert (await administrator.request(method, wanted)).is_success

    lines = [line for line in logged if line["event"] in {"role_given", "person_erased"}]
    assert [(line["event"], line.get("administrator")) for line in lines] == [
        ("role_given", True),
        ("role_given", False),
        ("person_erased", None),
    ]
    assert {(line["actor"], line["person"]) for line in lines} == {(str(administrator.id), str(quux.id))}
    assert NAME not in str(lines)
