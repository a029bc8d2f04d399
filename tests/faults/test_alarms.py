"""What is complained of when the broker takes no messages."""

from tests.faults.journal import Write
from tests.faults.kinds.alarms import Heard, complaints, is_blocked


def write(what: str, sent: float, status: int | None) -> Write:
    return Write("ann", what, sent=sent, answered=sent + 0.1, status=status)


def test_nothing_is_complained_of_when_changes_are_answered_events_held_and_relays_say_so() -> None:
    writes = [write("comment", 1, 201), write("status", 3, 200), write("status", 4, 412), write("read", 4, 204)]

    assert complaints(writes, 1, Heard({"task-relay-1"}, {"task-relay-1"}, blocked_at=2)) == []


def test_what_went_wrong_under_an_alarm_is_complained_of() -> None:
    writes = [write("comment", 3, 503), write("comment", 4, None), write("comment", 5, 201)]

    assert complaints(writes, 0, Heard()) == [
        "2 of 3 changes failed",
        "no task-relay said so in its readiness",
        "no task-relay said so in its metrics",
    ]
    assert complaints(writes[2:], 0, Heard({"a"}, {"a"}, blocked_at=2)) == ["the outbox held 0 events, after 1 changes"]
    assert complaints([], 0, Heard({"a"}, {"a"})) == ["no change was answered"]


def test_a_metric_says_that_the_broker_is_blocked() -> None:
    assert is_blocked('taskify_relay_broker_blocked{relay="task"} 1.0')
    assert is_blocked("taskify_relay_broker_blocked 1")
    assert not is_blocked("taskify_relay_broker_blocked 0.0")
    assert not is_blocked("# HELP taskify_relay_broker_blocked 1 or 0")
