"""Where an event stopped, out of what was heard and what the APIs say."""

import json
from dataclasses import replace
from typing import Any

import pytest

from taskify_testkit import Contract, Notification
from taskify_testkit.observer import Heard, Where
from taskify_testkit.stopped import Circumstances, where_it_stopped

ANN, JOHN, STRANGER = "ann", "john", "stranger"

QUIET = Circumstances(
    contract=Contract("billing"),
    person_id=ANN,
    person_name="Ann",
    kind="invoice_overdue",
    heard=(),
    earlier=(),
    known={ANN: "Ann", JOHN: "John"},
    frequency="instant",
    inbox=(),
    window="open",
    judged=(),
    waiting=0,
    workers=1,
)
TOLD = Notification("1", 1, "invoice_overdue", "Overdue", None, None, None, ("requested",), 1, read=False)


def heard(
    *recipients: str, number: int = 0, where: Where = Where.ROUTED, user_id: str | None = "billing", **fields: Any
) -> Heard:
    data = {"recipients": recipients, "kind": "invoice_overdue", "message": "Overdue", **fields}
    event = {"id": "1", "type": "taskify.notification.requested.v1", "source": "/billing", "data": data}
    return Heard(number, where, "notification.requested", user_id, "1", {}, json.dumps(event).encode())


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (QUIET, "the broker has had no event of billing"),
        (replace(QUIET, heard=[heard(ANN, user_id="task-service")]), "the broker has had no event of billing"),
        (replace(QUIET, heard=[heard(ANN, user_id=None)]), "sent      1 event by billing"),
        (replace(QUIET, heard=[heard(ANN, where=Where.UNROUTED)]), "nobody listens to 'notification.requested'"),
        (replace(QUIET, heard=[heard(JOHN)]), "told somebody else: John (john)"),
        (replace(QUIET, heard=[heard(STRANGER)]), "unknown recipient stranger"),
        (replace(QUIET, heard=[heard(ANN, kind="invoice_paid")]), "told under another kind: 'invoice_paid'"),
        (replace(QUIET, heard=[heard(ANN)], frequency="daily"), "Ann wants 'invoice_overdue' 'daily'"),
        (replace(QUIET, heard=[heard(ANN)], inbox=[TOLD]), "in the inbox of Ann, and was not pushed to a window: open"),
        (replace(QUIET, heard=[heard(ANN)], waiting=1, workers=0), "no worker takes from it"),
        (replace(QUIET, heard=[heard(ANN)]), "the worker has not told it yet"),
        (replace(QUIET, heard=[heard(ANN, number=1)], earlier=[heard(JOHN)]), "this source and id came before"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_is_said_where_an_event_stopped(seen: Circumstances, told: str) -> None:
    assert told in where_it_stopped(seen)


def test_a_dead_letter_says_its_reason_and_what_the_contract_says_of_the_event() -> None:
    sent = heard(ANN, number=0)
    letter = replace(
        sent, number=1, where=Where.DEAD, headers={"x-reason": "invalid_event_data", "x-error": "time: Field required"}
    )

    told = where_it_stopped(replace(QUIET, heard=[sent, letter]))

    assert "a dead letter, reason 'invalid_event_data'" in told
    assert "the worker says: time: Field required" in told
    assert "-> time: is missing" in told


def test_one_of_several_events_is_told_apart() -> None:
    told = where_it_stopped(replace(QUIET, heard=[heard(JOHN), replace(heard(ANN, number=1), body=b"no JSON")]))

    assert "sent      2 events by billing" in told
    assert "1. taskify.notification.requested.v1" in told
    assert "2. no CloudEvent" in told


def test_only_the_latest_of_many_events_are_told_of() -> None:
    told = where_it_stopped(replace(QUIET, heard=[heard(JOHN, number=number) for number in range(25)]))

    assert "sent      25 events by billing" in told
    assert told.count("taskify.notification.requested.v1") == 10


def test_of_taskify_s_own_kinds_the_rule_is_told_that_held_back() -> None:
    judged = {"event": {"type": "taskify.task.status_changed.v1", "id": "7"}, "outcome": "own_action"}

    told = where_it_stopped(replace(QUIET, kind="status_changed", judged=[judged]))

    assert "1. taskify.task.status_changed.v1, id '7'" in told
    assert "held back by the rule 'own_action': nobody is told of what they did themselves" in told
    assert "no event of a task" in where_it_stopped(replace(QUIET, kind="status_changed"))
