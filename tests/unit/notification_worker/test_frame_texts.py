"""Frames that are written without a model are those that the model would have written, byte for byte."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from contracts.deliveries import PEOPLE_PER_DELIVERY, Delivery, PersonalFrame
from contracts.socket.frames import Change, Resync
from notification_worker.commands.delivery_messages import delivery_messages, personal_frame
from notification_worker.commands.frame_texts import FrameTexts
from notification_worker.commands.notification_rows import Columns, frame_of

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
HARD = 'Ann "Ä" \\ </script> \u2028 \x07 😀'


def row(**values: Any) -> Columns:
    return {
        "id": uuid7(),
        "user_id": uuid7(),
        "seq": 1,
        "type": "comment_added",
        "actor_id": uuid7(),
        "actor_name": "Ann",
        "task_id": uuid7(),
        "task_title": "Fix login bug",
        "old_status": None,
        "new_status": None,
        "comment_id": uuid7(),
        "message": None,
        "link": None,
        "task_deleted": False,
        "other_actors": 0,
        "reasons": ["assigned", "created"],
        "count": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "read_at": None,
        **values,
    }


ROWS = {
    "a comment": row(),
    "of several people": row(count=12, other_actors=3, updated_at=NOW + timedelta(seconds=1)),
    "of a task with a hard title": row(task_title=HARD, actor_name=HARD),
    "of a deleted task": row(task_deleted=True),
    "of a former member": row(actor_id=None, actor_name=None),
    "a move": row(type="status_changed", comment_id=None, old_status="todo", new_status="in_review"),
    "an assignment": row(type="task_assigned", comment_id=None, reasons=["assigned"]),
    "a request": row(type="invoice_paid", message=HARD, link="/invoices/1", task_id=None, comment_id=None),
    "a request of nobody": row(type="invoice_paid", message="Paid", actor_id=None, actor_name=None, task_id=None),
    "one that was read, elsewhere": row(read_at=NOW.astimezone(timezone(timedelta(hours=2)))),
    "one with an unknown reason": row(reasons=[HARD]),
    "one without a reason": row(reasons=[]),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_frame_is_what_the_model_would_have_written(name: str) -> None:
    for change, unread_count in product(Change, (0, 7)):
        expected = frame_of(ROWS[name], change, unread_count).model_dump_json()
        assert FrameTexts().frame(ROWS[name], change, unread_count) == expected


def test_what_frames_share_is_not_taken_for_what_they_do_not() -> None:
    texts = FrameTexts()
    rows = [*ROWS.values(), *(one | {"id": UUID(int=5), "seq": 9} for one in ROWS.values())]
    for one in [*rows, *rows]:
        assert texts.frame(one, Change.ADDED, 3) == frame_of(one, Change.ADDED, 3).model_dump_json()


@pytest.mark.parametrize("frame", [HARD, "{}", Resync()])
@pytest.mark.parametrize("traceparent", [None, f"00-{5:032x}-{7:016x}-01", f"00-{5:032x}-{7:016x}-00"])
@pytest.mark.parametrize(
    "changed_at", [None, NOW, NOW.astimezone(timezone(timedelta(hours=2))), datetime(2026, 1, 1, tzinfo=UTC)]
)
def test_deliveries_are_what_the_model_would_have_written(
    frame: str | Resync, traceparent: str | None, changed_at: datetime | None
) -> None:
    person, text = uuid7(), frame if isinstance(frame, str) else frame.model_dump_json()
    expected = PersonalFrame(
        user_id=person,
        seq=3,
        frame=text,
        traceparent=traceparent if traceparent is not None and traceparent.endswith("01") else None,
        changed_at=None if changed_at is None else changed_at.timestamp(),
    )
    written = personal_frame(person, 3, frame, traceparent, changed_at)
    assert [message.body for message in delivery_messages([written] * (PEOPLE_PER_DELIVERY + 2))] == [
        Delivery(frames=(expected,) * count).model_dump_json() for count in (PEOPLE_PER_DELIVERY, 2)
    ]
