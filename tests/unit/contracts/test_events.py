import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts.envelope import sequence_text, source_belongs_to
from contracts.events import (
    EVENTS,
    InvalidEventDataError,
    NotAnEnvelopeError,
    UnknownEventTypeError,
    parse_event,
    type_of,
)
from contracts.events.notification import NotificationRequestedData
from contracts.events.task import Person, TaskAssigned, TaskAssignedData, TaskReference
from contracts.topology import (
    lane_of,
    service_named_by,
    task_routing_key,
    user_of_another_service,
)

JOHN = Person(id=UUID("00000000-0000-7000-8000-000000000001"), name="John")
ANN = Person(id=UUID("00000000-0000-7000-8000-000000000002"), name="Ann")
TASK = TaskReference(id=UUID("00000000-0000-7000-8000-00000000000a"), title="Fix login bug")


def assigned() -> TaskAssigned:
    return TaskAssigned(
        id="0192f0c4-0000-7000-8000-000000000000",
        source="/task-service",
        subject=str(TASK.id),
        partitionkey=str(TASK.id),
        sequence=sequence_text(7),
        time=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        data=TaskAssignedData(actor=JOHN, task=TASK, assignee=ANN),
    )


def as_json() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(assigned().model_dump_json())
    return content


def test_an_event_that_was_written_is_read_back_the_same() -> None:
    event = assigned()

    assert parse_event(event.model_dump_json().encode()) == event


def test_an_absent_attribute_is_left_out_and_an_absent_value_in_the_data_is_null() -> None:
    content = as_json()

    assert "traceparent" not in content
    assert content["data"]["previous_assignee"] is None


def test_times_are_written_in_utc_with_microseconds() -> None:
    assert as_json()["time"] == "2026-01-02T03:04:05.000006Z"


def test_a_consumer_ignores_fields_that_it_does_not_know() -> None:
    content = as_json()
    content["extension"] = "x"
    content["data"]["priority"] = "high"
    content["data"]["task"]["colour"] = "red"

    assert parse_event(json.dumps(content).encode()) == assigned()


def test_a_producer_is_refused_a_field_that_the_contract_does_not_have() -> None:
    with pytest.raises(ValidationError, match="priority"):
        TaskAssignedData(actor=JOHN, task=TASK, assignee=ANN, priority="high")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{",
        b'{"specversion": "1.0"}',
        json.dumps({**as_json(), "specversion": "0.3"}).encode(),
        json.dumps({**as_json(), "id": ""}).encode(),
        json.dumps({**as_json(), "time": "yesterday"}).encode(),
        json.dumps({**as_json(), "sequence": "7"}).encode(),
        json.dumps({key: value for key, value in as_json().items() if key != "specversion"}).encode(),
    ],
)
def test_what_is_no_envelope_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(NotAnEnvelopeError):
        parse_event(body)


def test_an_unknown_type_is_refused_by_its_name() -> None:
    with pytest.raises(UnknownEventTypeError, match=r"taskify\.task\.sung\.v1"):
        parse_event(json.dumps({**as_json(), "type": "taskify.task.sung.v1"}).encode())


def test_wrong_data_is_refused_with_its_place_and_without_its_content() -> None:
    content = as_json()
    content["data"]["assignee"] = {"id": "secret@example.com", "name": "Ann"}

    with pytest.raises(InvalidEventDataError) as refused:
        parse_event(json.dumps(content).encode())

    assert "data.assignee.id" in str(refused.value)
    assert "secret@example.com" not in str(refused.value)


def test_every_event_has_a_versioned_type_of_its_own() -> None:
    types = [type_of(event) for event in EVENTS]

    assert len(set(types)) == len(types)
    assert all(name.startswith("taskify.") and name.endswith(".v1") for name in types)


def test_sequences_sort_as_text() -> None:
    assert sorted(map(sequence_text, [100, 9, 10])) == list(map(sequence_text, [9, 10, 100]))


@pytest.mark.parametrize(
    ("source", "user", "belongs"),
    [
        ("/billing", "billing", True),
        ("/billing/invoices", "billing", True),
        ("/billing-evil", "billing", False),
        ("billing", "billing", False),
        ("/task-service", "billing", False),
    ],
)
def test_a_source_belongs_to_the_user_whose_name_it_begins_with(source: str, user: str, belongs: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert source_belongs_to(source, user) is belongs


def request(**changes: object) -> NotificationRequestedData:
    return NotificationRequestedData.model_validate(
        {"recipients": [str(ANN.id)], "kind": "invoice_overdue", "message": "Invoice 42 is overdue", **changes}
    )


@pytest.mark.parametrize("link", ["/", "/invoices/42", "https://example.com/a?b=c", None])
def test_a_link_is_a_path_or_https(link: str | None) -> None:
    assert request(link=link).link == link


@pytest.mark.parametrize(
    "changes",
    [
        {"link": "http://example.com"},
        {"link": "//example.com"},
        {"link": "/\\example.com"},
        {"link": "javascript:alert(1)"},
        {"link": "/with space"},
        {"kind": "task_assigned"},
        {"kind": "digest"},
        {"kind": "Invoice"},
        {"kind": "a" * 51},
        {"message": ""},
        {"message": "x" * 501},
        {"recipients": []},
        {"recipients": [str(ANN.id)] * 1_001},
        {"recipients": ["ann"]},
    ],
)
def test_a_request_that_breaks_a_bound_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        request(**changes)


def test_all_events_of_a_task_take_the_same_lane() -> None:
    assert task_routing_key("task.assigned", TASK.id) == f"task.assigned.{lane_of(TASK.id)}"
    assert {lane_of(TASK.id) for _ in range(3)} == {lane_of(TASK.id)}


def test_tasks_spread_over_all_lanes() -> None:
    assert {lane_of(UUID(int=number)) for number in range(200)} == set(range(8))


@pytest.mark.parametrize(
    ("routing_key", "service"),
    [
        ("billing.notification.requested", "billing"),
        ("notification.requested", None),
        ("billing.invoice.paid", None),
        ("a.b.notification.requested", None),
    ],
)
def test_a_routing_key_names_the_service_whose_own_it_is(routing_key: str, service: str | None) -> None:
    assert service_named_by(routing_key) == service


@pytest.mark.parametrize(
    "name", ["task", "user", "session", "notification", "task-service", "ws-gateway", "a|b", "a.b", ""]
)
def test_another_service_takes_no_name_that_would_give_it_more_rights(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        user_of_another_service(name)
