"""A page of tasks as bytes: a model made of each row only to be written would cost more than reading the rows."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json

from contracts.model import rfc3339
from task_service.queries.tasks import ListedTask


def task_page(tasks: Sequence[ListedTask], next_cursor: str | None) -> bytes:
    """Write what `schemas.TaskPage` describes."""
    return to_json({"items": [_task(task) for task in tasks], "next_cursor": next_cursor})


def _task(task: ListedTask) -> dict[str, Any]:
    """Give the fields of `schemas.Task`, in its order."""
    return {
        "id": task.id,
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "assignee": None if task.assignee_id is None else {"id": task.assignee_id, "name": task.assignee_name},
        "creator": {"id": task.creator_id, "name": task.creator_name},
        "version": task.version,
        "created_at": rfc3339(task.created_at),
        "updated_at": rfc3339(task.updated_at),
    }
