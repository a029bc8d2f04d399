"""Where an event stopped, out of what was heard and what the APIs say."""

import json
from dataclasses import replace
from typing import Any

import pytest

from taskify_testkit import Contract, Notification
from taskify_testkit.observer import Heard, Where
from taskify_testkit.stopped import Circumstances, where_it_stopped

ANN, JOHN, STRANGER = (f"019a5c20-0000-7000-8000-00000000000{last}" for last in "abc")

QUIET = Circumstances(
    contract=Contract("billing"),
    person_id=ANN,
    person_name="Ann",
    kind="invoice_overdue",
    heard=(),
    earlier=(),
    known={ANN: "Ann", JOHN: "John"},
    frequencies={},
    inbox=(),
    taken=(),
    window="open",
    judged=(),
    waiting=0,
    workers=1,
)
TOLD = Notification("1", 1, "invoice_overdue", "Overdue", None, None, None, ("requested",), 1, read=False)


ENVELOPE = {
    "specversion": "1.0",
    "id": "1",
    "type": "taskify.notification.requested.v1",
    "source": "/billing",
    "time": "2030-01-01T12:00:00Z",
}


def heard(
    *recipients: str, number: int = 0, where: Where = Where.ROUTED, user_id: str | None = "billing", **fields: Any
) -> Heard:
    data = {"recipients": recipients, "kind": "invoice_overdue", "message": "Overdue", **fields}
    return message({**ENVELOPE, "data": data}, number=number, where=where, user_id=user_id)


def message(
    event: object,
    *,
    number: int = 0,
    where: Where = Where.ROUTED,
    user_id: str | None = "billing",
    reason: str = "",
) -> Heard:
    headers = {"x-reason": reason, "x-error": "what is wrong"} if reason else {}
    return Heard(number, where, "notification.requested", user_id, "1", headers, json.dumps(event).encode())


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (QUIET, "the broker has had no event of billing"),
        (replace(QUIET, heard=[heard(ANN, user_id="task-service")]), "the broker has had no event of billing"),
        (replace(QUIET, heard=[heard(ANN, user_id=None)]), "sent      1 event by billing"),
        (replace(QUIET, heard=[heard(ANN, where=Where.UNROUTED)]), "nobody listens to 'notification.requested'"),
        (replace(QUIET, heard=[heard(JOHN)]), f"told somebody else: John ({JOHN})"),
        (replace(QUIET, heard=[heard(STRANGER)]), f"unknown recipient {STRANGER}"),
        (
            replace(QUIET, heard=[heard(ANN, kind="invoice_paid")], inbox=[replace(TOLD, kind="invoice_paid")]),
            "told under another kind: 'invoice_paid'",
        ),
        (
            replace(QUIET, heard=[heard(ANN)], frequencies={"invoice_overdue": "daily"}),
            "Ann wants 'invoice_overdue' 'daily'",
        ),
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
    sent = message({name: value for name, value in ENVELOPE.items() if name != "time"})
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
    assert "2. a body that is no object of JSON, sent with" in told


@pytest.mark.parametrize("data", [[], {"recipients": 5}, {"recipients": [[1]]}, {"recipients": None}, None])
def test_an_event_that_the_worker_has_not_judged_yet_is_judged_by_the_contract(data: object) -> None:
    told = where_it_stopped(replace(QUIET, heard=[heard(JOHN), message({**ENVELOPE, "data": data}, number=1)]))

    assert "the worker, which would refuse it, has not judged it yet\n             -> data" in told


def test_an_id_that_is_none_spoils_no_other_event_s_explanation() -> None:
    strange = message({**json.loads(heard(ANN).body), "id": {"number": [1]}})

    told = where_it_stopped(replace(QUIET, heard=[strange, heard(ANN, number=1)], inbox=[TOLD]))

    assert "-> id: {'number': [1]} is not text" in told


def test_a_field_that_the_worker_ignores_is_not_said_to_be_refused() -> None:
    told = where_it_stopped(replace(QUIET, heard=[heard(ANN, links="/invoices")]))

    assert "the worker has not told it yet" in told


def test_what_was_taken_already_is_said_to_be_told() -> None:
    told = where_it_stopped(replace(QUIET, heard=[heard(ANN)], inbox=[TOLD], taken={TOLD.id}))

    assert "told: an earlier `next_notification` took it" in told


def test_of_two_events_that_say_the_same_the_first_was_told() -> None:
    second = message({**json.loads(heard(ANN).body), "id": "2"}, number=1)
    turned_off = replace(QUIET, inbox=[TOLD], taken={TOLD.id}, frequencies={"invoice_overdue": "off"})

    told = where_it_stopped(replace(turned_off, heard=[heard(ANN), second])).splitlines()

    assert told[2].endswith("took it")
    assert told[4].endswith("Ann wants 'invoice_overdue' 'off'")


@pytest.mark.parametrize("asked_for", [None, "invoice_overdue", "invoice_paid"])
def test_a_rule_is_looked_up_by_the_kind_of_the_event(asked_for: str | None) -> None:
    off = replace(QUIET, kind=asked_for, heard=[heard(ANN)], frequencies={"invoice_overdue": "off"})

    assert "Ann wants 'invoice_overdue' 'off'" in where_it_stopped(off)


def test_a_recipient_in_capitals_is_the_same_one() -> None:
    off = replace(QUIET, heard=[heard(ANN.upper())], frequencies={"invoice_overdue": "off"})

    assert "Ann wants 'invoice_overdue' 'off'" in where_it_stopped(off)


def test_a_sender_who_is_not_named_is_told_how_to_be() -> None:
    sent = heard(ANN, user_id=None)
    letter = message(json.loads(sent.body), number=1, where=Where.DEAD, user_id=None, reason="foreign_source")

    told = where_it_stopped(replace(QUIET, heard=[sent, letter]))

    assert "-> user_id is not set: set it to 'billing', or send with 'billing.notification.requested'" in told


def test_an_event_that_was_refused_does_not_take_the_id_of_the_next() -> None:
    refused = message({**ENVELOPE, "data": {}})
    letter = replace(refused, number=1, where=Where.DEAD, headers={"x-reason": "invalid_event_data"})

    told = where_it_stopped(replace(QUIET, heard=[refused, letter, heard(ANN, number=2)]))

    assert "came before" not in told


def test_an_event_that_was_refused_was_not_told_instead_of_the_next() -> None:
    refused = message({**json.loads(heard(ANN).body), "source": "/accounting"})
    letter = replace(refused, number=1, where=Where.DEAD, headers={"x-reason": "foreign_source"})
    taken = replace(QUIET, heard=[refused, letter, heard(ANN, number=2)], inbox=[TOLD], taken={TOLD.id})

    assert "took it" in where_it_stopped(taken).splitlines()[-1]


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
