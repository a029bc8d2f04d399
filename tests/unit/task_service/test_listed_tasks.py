"""The page of tasks that is written without its models says what they would say."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from task_service.api.listed_tasks import task_page
from task_service.api.schemas import TaskPage
from task_service.queries.tasks import ListedTask

MOMENT = datetime(2030, 5, 1, 12, 30, tzinfo=UTC)


def listed(number: int, **changes: Any) -> ListedTask:
    task = ListedTask(
        id=UUID(int=number),
        title='Fix "it" \u2028 now',
        description="é\n\t\x7f",
        status="in_progress",
        version=3,
        created_at=MOMENT,
        updated_at=MOMENT.replace(microsecond=7),
        creator_id=UUID(int=100),
        creator_name="Ann",
        assignee_id=UUID(int=200),
        assignee_name="Bob",
    )
    return task._replace(**changes)


def test_a_page_of_tasks_is_byte_for_byte_what_its_model_would_write() -> None:
    tasks = [listed(1), listed(2, assignee_id=None, assignee_name=None)]

    for cursor in ("next", None):
        page = task_page(tasks, cursor)
        assert TaskPage.model_validate_json(page).model_dump_json().encode() == page


def test_a_page_without_tasks_is_an_empty_list() -> None:
    assert task_page([], None) == b'{"items":[],"next_cursor":null}'
