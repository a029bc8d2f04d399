"""Creating, listing, reading, changing and deleting tasks."""

from uuid import uuid4

from tests.integration.task_service.client import Api, Member, problem, wrong_places


async def test_a_new_task_has_what_was_given_and_defaults_for_the_rest(ann: Member) -> None:
    answer = await ann.request("POST", "/api/tasks", json={"title": "  Fix login bug "})

    task = answer.json()
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/api/tasks/{task['id']}"
    assert (await ann.request("GET", answer.headers["Location"])).json() == task
    assert task | {"id": 0, "created_at": 0, "updated_at": 0} == {
        "id": 0,
        "title": "Fix login bug",
        "description": "",
        "status": "todo",
        "assignee": None,
        "creator": {"id": str(ann.id), "name": "Ann"},
        "version": 1,
        "created_at": 0,
        "updated_at": 0,
    }


async def test_a_task_created_with_everything_shows_it(ann: Member, bob: Member) -> None:
    task = await ann.create_task(description=" a\n b ", status="in_review", assignee_id=str(bob.id))

    assert task["description"] == " a\n b "
    assert task["status"] == "in_review"
    assert task["assignee"] == {"id": str(bob.id), "name": "Bob"}


async def test_tasks_are_listed_newest_first_and_paged_without_gap_or_repetition(ann: Member) -> None:
    created = [await ann.create_task(title=f"task {number}") for number in range(5)]
    first = (await ann.request("GET", "/api/tasks?limit=2")).json()
    await ann.create_task(title="created between two pages")

    seen, cursor = [task["id"] for task in first["items"]], first["next_cursor"]
    while cursor:
        page = (await ann.request("GET", "/api/tasks", params={"limit": 2, "cursor": cursor})).json()
        seen += [task["id"] for task in page["items"]]
        cursor = page["next_cursor"]

    assert seen == [task["id"] for task in reversed(created)]


async def test_a_full_last_page_has_no_next(ann: Member) -> None:
    for _ in range(2):
        await ann.create_task()

    assert (await ann.request("GET", "/api/tasks?limit=2")).json()["next_cursor"] is None


async def test_tasks_are_filtered_by_status_and_by_assignee(ann: Member, bob: Member) -> None:
    async def ids(**filters: str) -> list[str]:
        page = (await ann.request("GET", "/api/tasks", params=filters)).json()
        return [task["id"] for task in page["items"]]

    bobs_done = await ann.create_task(status="done", assignee_id=str(bob.id))
    bobs_open = await ann.create_task(assignee_id=str(bob.id))
    anns_done = await ann.create_task(status="done")

    assert await ids(status="done") == [anns_done["id"], bobs_done["id"]]
    assert await ids(assignee_id=str(bob.id)) == [bobs_open["id"], bobs_done["id"]]
    assert await ids(status="done", assignee_id=str(bob.id)) == [bobs_done["id"]]
    assert await ids(status="in_progress") == []


async def test_a_list_refuses_a_parameter_that_cannot_be(ann: Member) -> None:
    for query in ("limit=0", "limit=101", "limit=x", "status=later", "assignee_id=me", "cursor=none"):
        answer = await ann.request("GET", f"/api/tasks?{query}")
        assert wrong_places(answer) == [f"query.{query.partition('=')[0]}"]


async def test_a_change_touches_only_what_it_names(ann: Member, bob: Member) -> None:
    task = await ann.create_task(description="how", assignee_id=str(bob.id))

    changed = await bob.change(task, title="Fix logout bug")

    assert changed | {"updated_at": 0} == task | {"title": "Fix logout bug", "version": 2, "updated_at": 0}
    assert changed["updated_at"] > task["updated_at"]
    assert changed["updated_at"] > changed["created_at"]


async def test_an_assignee_is_replaced_and_removed(ann: Member, bob: Member) -> None:
    task = await ann.create_task(assignee_id=str(bob.id))

    assert (await ann.change(task, assignee_id=str(ann.id)))["assignee"] == {"id": str(ann.id), "name": "Ann"}
    assert (await ann.change(task, assignee_id=None))["assignee"] is None


async def test_a_change_with_the_seen_version_succeeds_once_and_then_conflicts(ann: Member, bob: Member) -> None:
    task = await ann.create_task()
    path, seen = f"/api/tasks/{task['id']}", {"If-Match": '"1"'}

    first = await ann.request("PATCH", path, json={"title": "Ann's"}, headers=seen)
    second = await bob.request("PATCH", path, json={"title": "Bob's"}, headers=seen)

    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    assert problem(second) == (412, "version_conflict")
    now = await bob.request("GET", path)
    assert now.json()["title"] == "Ann's"
    again = await bob.request("PATCH", path, json={"title": "Bob's"}, headers={"If-Match": now.headers["ETag"]})
    assert again.json()["title"] == "Bob's"


async def test_any_version_may_be_changed_without_a_condition_or_with_a_star(ann: Member) -> None:
    task = await ann.create_task()
    await ann.change(task, title="second")

    answer = await ann.request("PATCH", f"/api/tasks/{task['id']}", json={"title": "third"}, headers={"If-Match": "*"})

    assert answer.json()["version"] == 3


async def test_a_condition_that_names_no_version_changes_nothing(ann: Member) -> None:
    task = await ann.create_task()
    path = f"/api/tasks/{task['id']}"

    for condition in ('W/"1"', "1", '"x"', ""):
        answer = await ann.request("PATCH", path, json={"title": "x"}, headers={"If-Match": condition})
        assert problem(answer) == (412, "version_conflict"), condition
    assert (await ann.request("GET", path)).json() == task


async def test_a_change_that_changes_nothing_keeps_the_version_and_writes_no_event(api: Api, ann: Member) -> None:
    task = await ann.create_task(assignee_id=str(ann.id))
    before, woken = await api.event_types(), len(api.wake_ups)

    same = await ann.change(task, title=task["title"], status="todo", assignee_id=str(ann.id), description="")

    assert same == task
    assert await ann.change(task) == task
    assert (await api.event_types(), len(api.wake_ups)) == (before, woken)


async def test_a_task_is_deleted_by_its_creator_with_all_that_belongs_to_it(ann: Member, bob: Member) -> None:
    task = await ann.create_task(assignee_id=str(bob.id))
    path = f"/api/tasks/{task['id']}"
    await bob.request("POST", f"{path}/comments", json={"body": "on it"})

    assert (await ann.request("DELETE", path)).status_code == 204
    for method, below in (("GET", ""), ("DELETE", ""), ("GET", "/comments"), ("GET", "/watchers")):
        assert problem(await ann.request(method, path + below)) == (404, "not_found")


async def test_a_task_is_not_deleted_by_others_but_by_an_administrator(
    administrator: Member, ann: Member, bob: Member
) -> None:
    task = await ann.create_task(assignee_id=str(bob.id))
    path = f"/api/tasks/{task['id']}"

    assert problem(await bob.request("DELETE", path)) == (403, "forbidden")
    assert (await ann.request("GET", path)).status_code == 200
    assert (await administrator.request("DELETE", path)).status_code == 204


async def test_a_task_is_not_deleted_in_a_version_that_was_not_seen(ann: Member) -> None:
    task = await ann.create_task()
    await ann.change(task, title="changed")

    answer = await ann.request("DELETE", f"/api/tasks/{task['id']}", headers={"If-Match": '"1"'})

    assert problem(answer) == (412, "version_conflict")


async def test_nobody_unknown_is_assigned(api: Api, ann: Member) -> None:
    task = await ann.create_task()
    before = await api.event_types()

    created = await ann.request("POST", "/api/tasks", json={"title": "x", "assignee_id": str(uuid4())})
    changed = await ann.request("PATCH", f"/api/tasks/{task['id']}", json={"title": "new", "assignee_id": str(uuid4())})

    assert wrong_places(created) == wrong_places(changed) == ["body.assignee_id"]
    assert (await ann.request("GET", f"/api/tasks/{task['id']}")).json() == task
    assert await api.event_types() == before


async def test_a_task_with_a_field_that_cannot_be_is_refused(ann: Member) -> None:
    refused: list[tuple[dict[str, str | None], str]] = [
        ({}, "body.title"),
        ({"title": "  "}, "body.title"),
        ({"title": "x" * 201}, "body.title"),
        ({"title": "a\0b"}, "body.title"),
        ({"title": None}, "body.title"),
        ({"title": "x", "description": "\0"}, "body.description"),
        ({"title": "x", "description": "x" * 10_001}, "body.description"),
        ({"title": "x", "status": "later"}, "body.status"),
        ({"title": "x", "assignee_id": "me"}, "body.assignee_id"),
        ({"title": "x", "colour": "red"}, "body.colour"),
    ]
    for fields, where in refused:
        assert wrong_places(await ann.request("POST", "/api/tasks", json=fields)) == [where], fields


async def test_null_is_no_value_of_a_field_but_the_assignee(ann: Member) -> None:
    task = await ann.create_task()

    for field in ("title", "description", "status"):
        answer = await ann.request("PATCH", f"/api/tasks/{task['id']}", json={field: None})
        assert wrong_places(answer) == [f"body.{field}"]


async def test_the_longest_title_and_description_are_kept_whole(ann: Member) -> None:
    task = await ann.create_task(title="ü" * 200, description="😀" * 10_000)

    assert (task["title"], task["description"]) == ("ü" * 200, "😀" * 10_000)


async def test_an_unknown_task_is_not_found(ann: Member) -> None:
    for method, options in (("GET", {}), ("PATCH", {"json": {"title": "x"}}), ("DELETE", {})):
        assert problem(await ann.request(method, f"/api/tasks/{uuid4()}", **options)) == (404, "not_found"), method


async def test_an_id_that_is_none_is_an_invalid_request(ann: Member) -> None:
    assert wrong_places(await ann.request("GET", "/api/tasks/one")) == ["path.task_id"]
