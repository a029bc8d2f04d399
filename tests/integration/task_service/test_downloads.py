"""The file of an export: how it is put together, kept and handed out."""

import json
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import structlog
from sqlalchemy import func, select, update

from contracts.events.user import UserExportedData, UserExportRequestedData
from contracts.topology import NOTIFICATION_WORKER, TASK_SERVICE
from task_service.api.downloads import AN_HOUR
from task_service.commands.gather_export import gather_own_parts, keep_part
from task_service.commands.unit_of_work import UnitOfWork, session_factory
from task_service.models import ExportPart
from tests.integration.task_service.client import Api, Json, Member, problem


@pytest.fixture
def unit_of_work(api: Api) -> UnitOfWork:
    return UnitOfWork(session_factory(api.engine), lambda: None)


async def ready(unit_of_work: UnitOfWork, member: Member, *documents: Any) -> Json:
    export = dict((await member.request("POST", "/api/users/me/export")).json())
    ids = {"export_id": UUID(export["id"]), "user_id": member.id}
    await gather_own_parts(unit_of_work, UserExportRequestedData(**ids))
    for part, document in enumerate(documents or ({"notifications": []},), start=1):
        answer = UserExportedData(
            **ids, service=NOTIFICATION_WORKER, part=part, parts=len(documents) or 1, document=document
        )
        assert await keep_part(unit_of_work, answer)
    return export


def file(member: Member, export: Json) -> Any:
    return member.request("GET", f"/api/users/me/export/{export['id']}/file")


DOCUMENTS = (
    {"preferences": None, "inbox": {"unread": 1}, "notifications": [{"text": 'Jöhn "😀"\n'}, {"n": 2}], "muted": []},
    {"notifications": [{"n": 3}, {"text": "[] , {"}], "muted": [], "more": []},
    {"more": [1]},
)
WHOLE = {
    "preferences": None,
    "inbox": {"unread": 1},
    "notifications": [{"text": 'Jöhn "😀"\n'}, {"n": 2}, {"n": 3}, {"text": "[] , {"}],
    "muted": [],
    "more": [1],
}


async def test_sections_that_go_on_in_further_parts_come_together(ann: Member, unit_of_work: UnitOfWork) -> None:
    export = await ready(unit_of_work, ann, *DOCUMENTS)

    answer = await file(ann, export)

    assert answer.json()["services"][NOTIFICATION_WORKER] == WHOLE
    # A line for a row: somebody may want to read it as it is.
    assert '{"n": 2},\n{"n": 3}' in answer.text


async def test_parts_that_the_code_of_before_has_kept_are_in_the_file(
    api: Api, ann: Member, unit_of_work: UnitOfWork
) -> None:
    export = await ready(unit_of_work, ann, *DOCUMENTS)
    async with api.engine.begin() as connection:
        for part, document in enumerate(DOCUMENTS, start=1):
            this = (ExportPart.service == NOTIFICATION_WORKER, ExportPart.part == part)
            before = {"document": json.dumps(document, ensure_ascii=False), "sections": None}
            await connection.execute(update(ExportPart).where(*this).values(before))

    for _ in range(2):
        assert (await file(ann, export)).json()["services"][NOTIFICATION_WORKER] == WHOLE


async def test_a_file_is_handed_out_without_parsing_it(
    ann: Member, unit_of_work: UnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = await ready(unit_of_work, ann, *DOCUMENTS)

    monkeypatch.setattr("task_service.queries.export_file.json", SimpleNamespace(dumps=json.dumps))
    answer = await file(ann, export)

    assert answer.json()["services"][NOTIFICATION_WORKER] == WHOLE


async def test_a_person_downloads_one_file_at_a_time(api: Api, ann: Member, unit_of_work: UnitOfWork) -> None:
    export = await ready(unit_of_work, ann)
    api.app.state.services.downloads.begin(ann.id)

    refused = await file(ann, export)
    assert problem(refused) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) == 10
    api.app.state.services.downloads.end(ann.id)
    assert (await file(ann, export)).status_code == 200


async def test_a_download_that_breaks_off_gives_way_to_the_next(
    api: Api, ann: Member, unit_of_work: UnitOfWork
) -> None:
    export = await ready(unit_of_work, ann, *DOCUMENTS)
    async with api.engine.begin() as connection:
        gone = update(ExportPart).where(ExportPart.part == 3).values(sections=[["more", True, -1, -1]])
        await connection.execute(gone)

    broken = await file(ann, export)
    again = await file(ann, export)

    assert (broken.status_code, again.status_code) == (200, 200)
    for answer in (broken, again):
        with pytest.raises(ValueError, match="Expecting"):
            answer.json()


async def test_a_person_downloads_some_files_in_an_hour(ann: Member, bob: Member, unit_of_work: UnitOfWork) -> None:
    export = await ready(unit_of_work, ann)
    for _ in range(AN_HOUR):
        assert (await file(ann, export)).status_code == 200

    refused = await file(ann, export)

    assert problem(refused) == (429, "too_many_requests")
    assert 300 < int(refused.headers["Retry-After"]) <= 360
    assert (await file(bob, await ready(unit_of_work, bob))).status_code == 200


async def test_a_new_export_removes_the_files_of_older_ones(api: Api, ann: Member, unit_of_work: UnitOfWork) -> None:
    first = await ready(unit_of_work, ann)
    second = await ready(unit_of_work, ann)

    state = (await ann.request("GET", f"/api/users/me/export/{first['id']}")).json()["state"]
    assert state == "expired"
    assert problem(await file(ann, first)) == (404, "not_found")
    async with api.engine.connect() as connection:
        kept = await connection.execute(select(ExportPart.export_id).distinct())
        assert kept.scalars().all() == [UUID(second["id"])]


async def test_what_this_service_holds_goes_into_a_bounded_number_of_parts(
    api: Api, ann: Member, unit_of_work: UnitOfWork
) -> None:
    for number in range(10):
        await ann.create_task(title=f"Task {number}")
    export = dict((await ann.request("POST", "/api/users/me/export")).json())
    requested = UserExportRequestedData(export_id=UUID(export["id"]), user_id=ann.id)

    with structlog.testing.capture_logs() as logged:
        assert await gather_own_parts(unit_of_work, requested, part_bytes=600, most_parts=3)

    assert [(line["event"], line["log_level"], line["kept"]) for line in logged] == [("export_cut_off", "error", 3)]
    own = select(func.count(), func.min(ExportPart.parts)).where(ExportPart.service == TASK_SERVICE)
    async with api.engine.connect() as connection:
        assert tuple((await connection.execute(own)).one()) == (3, 3)
