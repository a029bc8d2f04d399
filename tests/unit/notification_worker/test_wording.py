from dataclasses import replace
from uuid import UUID

import pytest

from contracts.events.task import TaskStatus
from contracts.notification_types import Frequency
from notification_worker.audience.wording import STATUS_NAMES, Parts, digest_message, link_of, message_of

TASK = UUID("01890000-0000-7000-8000-000000000001")
COMMENT = UUID("01890000-0000-7000-8000-000000000002")


def of_task(notification_type: str, actor: str | None = "John") -> Parts:
    return Parts(notification_type, actor_name=actor, task_id=TASK, task_title="Fix login bug")


def moved_to(status: TaskStatus) -> Parts:
    return replace(of_task("status_changed"), new_status=status)


COMMENTED = replace(of_task("comment_added", "Ann"), comment_id=COMMENT)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (of_task("task_assigned"), "John assigned you 'Fix login bug'"),
        (moved_to(TaskStatus.TODO), "John moved 'Fix login bug' to To do"),
        (moved_to(TaskStatus.IN_PROGRESS), "John moved 'Fix login bug' to In progress"),
        (moved_to(TaskStatus.IN_REVIEW), "John moved 'Fix login bug' to In review"),
        (moved_to(TaskStatus.DONE), "John moved 'Fix login bug' to Done"),
        (COMMENTED, "Ann commented on 'Fix login bug'"),
        (replace(COMMENTED, actor_name=None), "A former member commented on 'Fix login bug'"),
        (replace(COMMENTED, other_actors=1), "Ann and 1 other commented on 'Fix login bug'"),
        (replace(COMMENTED, other_actors=2), "Ann and 2 others commented on 'Fix login bug'"),
        (
            replace(COMMENTED, actor_name=None, other_actors=2),
            "A former member and 2 others commented on 'Fix login bug'",
        ),
        (Parts("invoice_paid", actor_name="Ann", message="Invoice 7 was paid"), "Invoice 7 was paid"),
        (Parts("task_assigned_elsewhere", message=""), ""),
    ],
)
def test_the_message_is_made_from_the_parts(parts: Parts, message: str) -> None:
    assert message_of(parts) == message


@pytest.mark.parametrize(
    ("frequency", "count", "message"),
    [
        (Frequency.HOURLY, 1, "Your hourly digest: 1 update"),
        (Frequency.DAILY, 12, "Your daily digest: 12 updates"),
    ],
)
def test_a_digest_says_how_many_it_holds(frequency: Frequency, count: int, message: str) -> None:
    assert digest_message(frequency, count) == message


def test_every_status_has_a_name() -> None:
    assert set(STATUS_NAMES) == set(TaskStatus)


@pytest.mark.parametrize(
    ("parts", "link"),
    [
        (of_task("task_assigned"), f"/tasks/{TASK}"),
        (COMMENTED, f"/tasks/{TASK}#comment-{COMMENT}"),
        (replace(COMMENTED, task_deleted=True), None),
        (Parts("invoice_paid", message="Paid", link="/invoices/7"), "/invoices/7"),
        (Parts("invoice_paid", message="Paid"), None),
    ],
)
def test_the_link_leads_to_what_it_is_about(parts: Parts, link: str | None) -> None:
    assert link_of(parts) == link


def test_a_type_without_a_text_is_refused() -> None:
    with pytest.raises(ValueError, match="has no text"):
        message_of(of_task("sung"))
