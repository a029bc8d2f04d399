from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from contracts.events.task import TaskStatus
from contracts.notification_types import Reason
from notification_worker.audience.collapsing import Happening, all_reasons, joined, reverses
from notification_worker.audience.wording import Parts, link_of, message_of

TASK, OTHER_TASK, ANN, BEN, EVE = (UUID(int=number) for number in range(1, 6))
FIRST, SECOND = UUID(int=10), UUID(int=11)
NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
TODO, REVIEW, DONE = TaskStatus.TODO, TaskStatus.IN_REVIEW, TaskStatus.DONE


def moved(old: TaskStatus | None, new: TaskStatus, *, seconds: int = 0, task: UUID = TASK) -> Happening:
    parts = Parts("status_changed", actor_id=ANN, actor_name="Ann", task_id=task, task_title="Fix login bug")
    return Happening(replace(parts, old_status=old, new_status=new), NOON + timedelta(seconds=seconds))


def comment(actor: UUID | None, name: str | None, comment_id: UUID) -> Parts:
    return Parts(
        "comment_added",
        actor_id=actor,
        actor_name=name,
        task_id=TASK,
        task_title="Fix login bug",
        comment_id=comment_id,
    )


@pytest.mark.parametrize(
    ("earlier", "later", "is_reversed"),
    [
        (moved(TODO, DONE), moved(DONE, TODO, seconds=1), True),
        (moved(TODO, DONE), moved(DONE, TODO), True),
        (moved(TODO, DONE), moved(DONE, TODO, seconds=59), True),
        (moved(TODO, DONE), moved(DONE, TODO, seconds=60), False),
        (moved(TODO, DONE), moved(DONE, REVIEW, seconds=1), False),
        (moved(REVIEW, DONE), moved(DONE, TODO, seconds=1), False),
        (moved(TODO, DONE), moved(TODO, DONE, seconds=1), False),
        (moved(TODO, DONE), moved(DONE, TODO, seconds=-1), False),
        (moved(TODO, DONE), moved(DONE, TODO, seconds=1, task=OTHER_TASK), False),
        (moved(DONE, DONE), moved(DONE, DONE, seconds=1), False),
        (moved(None, DONE), moved(DONE, TODO, seconds=1), False),
        (moved(TODO, DONE), Happening(comment(ANN, "Ann", FIRST), NOON), False),
    ],
)
def test_only_the_way_back_reverses_a_change_of_status(
    earlier: Happening, later: Happening, *, is_reversed: bool
) -> None:
    assert reverses(earlier, later) is is_reversed


def test_a_row_names_the_latest_actor_and_counts_the_others() -> None:
    row = comment(ANN, "Ann", FIRST)
    row = joined(row, comment(BEN, "Ben", SECOND), known=False)
    assert message_of(row) == "Ben and 1 other commented on 'Fix login bug'"
    row = joined(row, comment(EVE, "Eve", SECOND), known=False)
    assert message_of(row) == "Eve and 2 others commented on 'Fix login bug'"
    row = joined(row, comment(ANN, "Ann", SECOND), known=True)
    assert message_of(row) == "Ann and 2 others commented on 'Fix login bug'"


def test_several_comments_of_one_person_name_nobody_else() -> None:
    row = joined(comment(ANN, "Ann", FIRST), comment(ANN, "Ann", SECOND), known=True)
    assert message_of(row) == "Ann commented on 'Fix login bug'"


def test_a_row_leads_to_its_first_comment() -> None:
    row = joined(comment(ANN, "Ann", FIRST), comment(BEN, "Ben", SECOND), known=False)
    assert link_of(row) == f"/tasks/{TASK}#comment-{FIRST}"


def test_all_reasons_are_those_of_either_the_strongest_first() -> None:
    assert all_reasons(["commented", "manual"], [Reason.ASSIGNED, Reason.MANUAL]) == ("assigned", "commented", "manual")


def test_all_reasons_keep_one_that_this_release_does_not_know() -> None:
    reasons = all_reasons(["mentioned", "commented"], [Reason.ASSIGNED])
    assert reasons == ("assigned", "commented", "mentioned")
    assert {type(reason) for reason in reasons} == {str}
