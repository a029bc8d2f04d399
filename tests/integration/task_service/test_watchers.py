"""Who watches a task, over its whole life."""

from uuid import uuid4

from contracts.events import AnyEvent
from contracts.events.task import TaskUnwatched, TaskWatched
from tests.integration.task_service.client import Api, Json, Member, problem


async def watchers(member: Member, task: Json) -> dict[str, str]:
    answer = await member.request("GET", f"/api/tasks/{task['id']}/watchers")
    return {watcher["name"]: watcher["reason"] for watcher in answer.json()}


async def watch(member: Member, task: Json) -> None:
    assert (await member.request("PUT", f"/api/tasks/{task['id']}/watch")).status_code == 204


async def unwatch(member: Member, task: Json) -> None:
    assert (await member.request("DELETE", f"/api/tasks/{task['id']}/watch")).status_code == 204


async def comment(member: Member, task: Json) -> None:
    answer = await member.request("POST", f"/api/tasks/{task['id']}/comments", json={"body": "hm"})
    assert answer.status_code == 201


def added(event: AnyEvent) -> list[tuple[str, str]]:
    return [(each.person.name, each.reason.value) for each in event.data.watchers_added]


async def test_creator_assignees_and_commenters_watch_by_themselves(
    administrator: Member, ann: Member, bob: Member
) -> None:
    task = await ann.create_task(assignee_id=str(bob.id))
    await ann.change(task, assignee_id=None)
    await comment(administrator, task)

    assert await watchers(ann, task) == {"Ann": "created", "Bob": "assigned", "Root": "commented"}


async def test_watching_and_stopping_are_told_once_each(api: Api, ann: Member, bob: Member) -> None:
    task = await ann.create_task()
    for _ in range(2):
        await watch(bob, task)
    assert await watchers(ann, task) == {"Ann": "created", "Bob": "manual"}
    for _ in range(2):
        await unwatch(bob, task)
    assert await watchers(ann, task) == {"Ann": "created"}

    events = [event for event in await api.events() if isinstance(event, TaskWatched | TaskUnwatched)]
    watched, unwatched = events
    assert isinstance(watched, TaskWatched)
    assert added(watched) == [("Bob", "manual")]
    assert isinstance(unwatched, TaskUnwatched)
    assert unwatched.data.watcher.id == bob.id


async def test_who_never_watched_stops_without_an_event(api: Api, ann: Member, bob: Member) -> None:
    task = await ann.create_task()
    before = await api.event_types()

    await unwatch(bob, task)

    assert await api.event_types() == before


async def test_who_stopped_stays_out_when_commenting(api: Api, ann: Member, bob: Member) -> None:
    task = await ann.create_task(assignee_id=str(bob.id))
    await unwatch(bob, task)

    await comment(bob, task)

    assert await watchers(ann, task) == {"Ann": "created"}
    assert added((await api.events())[-1]) == []


async def test_who_stopped_comes_back_by_being_assigned_again(api: Api, ann: Member, bob: Member) -> None:
    task = await ann.create_task(assignee_id=str(bob.id))
    await unwatch(bob, task)
    await ann.change(task, assignee_id=str(ann.id))
    assert "Bob" not in await watchers(ann, task)

    await ann.change(task, assignee_id=str(bob.id))

    assert (await watchers(ann, task))["Bob"] == "assigned"
    assert added((await api.events())[-1]) == [("Bob", "assigned")]


async def test_who_stopped_comes_back_by_watching_with_all_reasons(api: Api, ann: Member) -> None:
    task = await ann.create_task()
    await comment(ann, task)
    await unwatch(ann, task)

    await watch(ann, task)

    assert added((await api.events())[-1]) == [("Ann", "created"), ("Ann", "commented"), ("Ann", "manual")]


async def test_reasons_add_up_and_are_told_only_when_they_are_new(api: Api, ann: Member) -> None:
    task = await ann.create_task(assignee_id=str(ann.id))
    created, assigned = (await api.events())[-2:]
    assert (added(created), added(assigned)) == ([("Ann", "created")], [("Ann", "assigned")])

    await comment(ann, task)
    await comment(ann, task)

    first, second = (await api.events())[-2:]
    assert (added(first), added(second)) == ([("Ann", "commented")], [])
    assert await watchers(ann, task) == {"Ann": "assigned"}


async def test_an_unknown_task_is_watched_by_nobody(ann: Member) -> None:
    for method, path in (("GET", "watchers"), ("PUT", "watch"), ("DELETE", "watch")):
        assert problem(await ann.request(method, f"/api/tasks/{uuid4()}/{path}")) == (404, "not_found"), method
