"""A copy of everything held about a person, gathered from services that answer in their own time."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from uuid_utils.compat import uuid7

from contracts.events.user import UserExportedData, UserExportRequested, UserExportRequestedData
from contracts.topology import NOTIFICATION_WORKER, TASK_SERVICE
from task_service.commands.forget_old import EXPIRED_EXPORTS_LIFE, forget_old
from task_service.commands.gather_export import gather_own_parts, keep_part
from task_service.commands.unit_of_work import UnitOfWork, session_factory
from task_service.models import Export, ExportPart
from tests.integration.task_service.client import Api, Json, Member, problem

YEAR = timedelta(days=365)


@pytest.fixture
def unit_of_work(api: Api) -> UnitOfWork:
    return UnitOfWork(session_factory(api.engine), lambda: None)


async def begin(member: Member) -> Json:
    answer = await member.request("POST", "/api/users/me/export")
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def progress(member: Member, export: Json) -> Json:
    return dict((await member.request("GET", f"/api/users/me/export/{export['id']}")).json())


def states(export: Json) -> dict[str, str]:
    return {each["service"]: each["state"] for each in export["services"]}


def part_of(member: Member, export: Json, part: int = 1, parts: int = 1, document: Any = None) -> UserExportedData:
    return UserExportedData(
        export_id=UUID(export["id"]),
        user_id=member.id,
        service=NOTIFICATION_WORKER,
        part=part,
        parts=parts,
        document=document or {"notifications": []},
    )


async def gather_own(unit_of_work: UnitOfWork, member: Member, export: Json, part_bytes: int = 1_000_000) -> bool:
    data = UserExportRequestedData(export_id=UUID(export["id"]), user_id=member.id)
    return await gather_own_parts(unit_of_work, data, part_bytes)


async def make_older(api: Api, export: Json, age: timedelta) -> None:
    moved = {"requested_at": Export.requested_at - age, "expires_at": Export.expires_at - age}
    async with api.engine.begin() as connection:
        await connection.execute(update(Export).where(Export.id == UUID(export["id"])).values(moved))


async def file_of(member: Member, export: Json) -> Json:
    answer = await member.request("GET", f"/api/users/me/export/{export['id']}/file")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith('attachment; filename="taskify-export-')
    return dict(answer.json())


async def test_an_export_asks_every_service_once_and_goes_on_while_it_is_gathered(api: Api, ann: Member) -> None:
    export = await begin(ann)
    again = await begin(ann)

    assert again == export
    assert export["state"] == "gathering"
    assert states(export) == {TASK_SERVICE: "gathering", NOTIFICATION_WORKER: "gathering"}
    asked = [event for event in await api.events() if isinstance(event, UserExportRequested)]
    assert [(str(event.data.export_id), event.data.user_id) for event in asked] == [(export["id"], ann.id)]


async def test_the_file_holds_what_all_services_hold_and_no_secret(
    ann: Member, bob: Member, unit_of_work: UnitOfWork
) -> None:
    task = await ann.create_task(title="Fix the door", description="It squeaks.")
    await ann.request("POST", f"/api/tasks/{task['id']}/comments", json={"body": "Oil did not help."})
    assigned = await bob.create_task(title="Paint it", assignee_id=str(ann.id))
    await bob.create_task(title="Not Ann's at all")
    export = await begin(ann)

    assert await gather_own(unit_of_work, ann, export)
    assert (await progress(ann, export))["state"] == "gathering"
    assert await keep_part(unit_of_work, part_of(ann, export, 2, 2, {"notifications": [{"id": 2}]}))
    assert await keep_part(
        unit_of_work, part_of(ann, export, 1, 2, {"preferences": {"daily_at": "17:00"}, "notifications": [{"id": 1}]})
    )
    done = await progress(ann, export)
    content = await file_of(ann, export)

    assert (done["state"], set(states(done).values())) == ("ready", {"complete"})
    own, worker = content["services"][TASK_SERVICE], content["services"][NOTIFICATION_WORKER]
    assert content["schema"] == "taskify.export.v1"
    assert "everything" in content["readme"].lower()
    assert own["account"] | {"created_at": ""} == {
        "id": str(ann.id),
        "email": ann.email,
        "name": "Ann",
        "role": "member",
        "created_at": "",
    }
    assert [each["title"] for each in own["tasks_created"]] == ["Fix the door"]
    assert [each["id"] for each in own["tasks_assigned"]] == [assigned["id"]]
    assert [each["body"] for each in own["comments"]] == ["Oil did not help."]
    assert {each["title"] for each in own["watched_tasks"]} == {"Fix the door", "Paint it"}
    assert len(own["sessions"]) == 1
    assert worker == {"preferences": {"daily_at": "17:00"}, "notifications": [{"id": 1}, {"id": 2}]}
    assert "hash" not in json.dumps(own)
    assert "Not Ann's" not in json.dumps(content)


async def test_much_data_goes_into_several_parts_and_comes_together_in_the_file(
    ann: Member, unit_of_work: UnitOfWork, api: Api
) -> None:
    titles = [f"Task {number}" for number in range(30)]
    for title in titles:
        await ann.create_task(title=title)
    export = await begin(ann)
    await gather_own(unit_of_work, ann, export, part_bytes=1_000)
    await keep_part(unit_of_work, part_of(ann, export))

    async with api.engine.connect() as connection:
        parts = await connection.scalar(select(func.count()).where(ExportPart.service == TASK_SERVICE))
    assert (parts or 0) > 5
    own = (await file_of(ann, export))["services"][TASK_SERVICE]
    assert [each["title"] for each in own["tasks_created"]] == titles
    assert len(own["watched_tasks"]) == 30


async def test_a_part_that_comes_again_or_too_late_or_for_another_changes_nothing(
    api: Api, ann: Member, bob: Member, unit_of_work: UnitOfWork
) -> None:
    export = await begin(ann)

    assert await keep_part(unit_of_work, part_of(ann, export))
    assert not await keep_part(unit_of_work, part_of(ann, export))
    assert not await keep_part(unit_of_work, part_of(bob, export))
    assert not await keep_part(unit_of_work, part_of(ann, {"id": str(uuid7())}))
    assert await gather_own(unit_of_work, ann, export)
    assert not await gather_own(unit_of_work, ann, export)
    await make_older(api, export, timedelta(days=1))
    assert not await keep_part(unit_of_work, part_of(ann, export, part=2, parts=2))


async def test_a_service_that_does_not_answer_is_named(api: Api, ann: Member, unit_of_work: UnitOfWork) -> None:
    export = await begin(ann)
    await gather_own(unit_of_work, ann, export)
    await keep_part(unit_of_work, part_of(ann, export, 1, 2))
    await make_older(api, export, timedelta(minutes=6))

    waiting = await progress(ann, export)
    file = await ann.request("GET", f"/api/users/me/export/{export['id']}/file")

    assert waiting["state"] == "gathering"
    assert states(waiting) == {TASK_SERVICE: "complete", NOTIFICATION_WORKER: "missing"}
    assert problem(file) == (409, "not_ready")


async def test_an_export_is_its_person_s_alone(ann: Member, bob: Member, unit_of_work: UnitOfWork) -> None:
    export = await begin(ann)
    await gather_own(unit_of_work, ann, export)
    await keep_part(unit_of_work, part_of(ann, export))

    for path in (f"/api/users/me/export/{export['id']}", f"/api/users/me/export/{export['id']}/file"):
        assert problem(await bob.request("GET", path)) == (404, "not_found")
        assert problem(await ann.client.get(path)) == (401, "unauthenticated")


async def test_a_person_may_ask_for_five_exports_a_day(api: Api, ann: Member, unit_of_work: UnitOfWork) -> None:
    exports = []
    for _ in range(5):
        exports.append(await begin(ann))
        await gather_own(unit_of_work, ann, exports[-1])
        await keep_part(unit_of_work, part_of(ann, exports[-1]))

    refused = await ann.request("POST", "/api/users/me/export")
    assert problem(refused) == (429, "too_many_requests")
    assert 86_000 < int(refused.headers["Retry-After"]) <= 86_400
    await make_older(api, exports[0], timedelta(days=1))
    assert (await begin(ann))["id"] not in {each["id"] for each in exports}


async def test_the_file_goes_when_it_expires_and_the_export_some_days_later(
    api: Api, ann: Member, unit_of_work: UnitOfWork
) -> None:
    export = await begin(ann)
    await gather_own(unit_of_work, ann, export)
    await keep_part(unit_of_work, part_of(ann, export))
    assert await forget_old(unit_of_work, YEAR) == 0

    await make_older(api, export, timedelta(days=1))
    assert await forget_old(unit_of_work, YEAR) == 2
    assert (await progress(ann, export))["state"] == "expired"
    file = await ann.request("GET", f"/api/users/me/export/{export['id']}/file")
    assert problem(file) == (404, "not_found")
    later = datetime.now(UTC) + EXPIRED_EXPORTS_LIFE
    assert await forget_old(unit_of_work, YEAR, lambda: later) == 1
    assert problem(await ann.request("GET", f"/api/users/me/export/{export['id']}")) == (404, "not_found")
