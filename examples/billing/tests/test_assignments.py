"""The service as a consumer of Taskify's events: of every version that was released, and of the one that runs."""

import pytest
from taskify_testkit import Sample, Taskify, taskify_samples

from billing.assignments import Assignments


@pytest.mark.parametrize("sample", taskify_samples("taskify.task.assigned.v1"), ids=str)
def test_every_sample_of_an_assignment_says_who_works(sample: Sample) -> None:
    assignments = Assignments()

    assignments.take(sample.body)

    assert assignments.workers == {sample.event["data"]["task"]["id"]: "Ann"}


def test_an_event_that_comes_late_again_changes_nothing() -> None:
    assignments = Assignments()
    complete = next(each for each in taskify_samples("taskify.task.assigned.v1") if each.name.startswith("complete"))
    later = complete.body.replace(b'"00000000000000000003"', b'"00000000000000000004"').replace(b'"Ann"', b'"John"')

    for body in (complete.body, later, complete.body):
        assignments.take(body)

    assert list(assignments.workers.values()) == ["John"]


async def test_an_assignment_made_now_says_who_works(taskify: Taskify) -> None:
    ann, john = await taskify.people(2)
    assignments = Assignments()

    async with taskify.events("task.created", "task.assigned") as events:
        task = await ann.create_task("Fix login bug", assignee=john)
        while not assignments.workers:
            assignments.take((await events.next(subject=task["id"])).body)

    assert assignments.workers == {task["id"]: "John"}
