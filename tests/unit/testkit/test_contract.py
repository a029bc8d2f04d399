import json
from copy import deepcopy
from typing import Any

import pytest

from contracts.examples import examples
from contracts.topology import user_of_another_service
from taskify_testkit import Contract, InvalidEventError
from taskify_testkit.errors import SettingsError

Json = dict[str, Any]

VALID: Json = next(
    json.loads(event.model_dump_json())
    for event in examples().values()
    if event.type.startswith("taskify.notification")
)
BILLING = Contract("billing")


def problems(**changes: Any) -> list[str]:
    """Give what is wrong with the example, changed; `data_…` changes its data, and None takes a field out."""
    event = deepcopy(VALID)
    for path, value in changes.items():
        name = path.removeprefix("data_")
        place = event if name == path else event["data"]
        place.pop(name)
        if value is not None:
            place[name] = value
    return [str(problem) for problem in BILLING.problems(event)]


def test_an_example_of_the_contracts_is_valid() -> None:
    BILLING.assert_valid(VALID)


def test_an_event_is_judged_as_a_mapping_as_text_and_as_a_body() -> None:
    text = json.dumps(VALID)

    BILLING.assert_valid(text)
    BILLING.assert_valid(text.encode())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": None}, "id: is missing"),
        ({"data_message": None}, "data.message: is missing"),
        ({"specversion": "0.3"}, "specversion: '1.0' was expected"),
        ({"time": "yesterday"}, "time: 'yesterday' is not a date-time"),
        ({"time": "2030-01-01T12:00:00"}, "time: '2030-01-01T12:00:00' is not a date-time"),
        ({"data_recipients": ["ann"]}, "data.recipients[0]: 'ann' is not a uuid"),
        ({"data_recipients": []}, "data.recipients: [] should be non-empty"),
        ({"data_kind": "digest"}, "data.kind: 'digest' is one of Taskify's own; take a word of your own"),
        ({"data_link": "http://billing.example"}, "data.link: 'http://billing.example' does not match"),
        ({"source": "/accounting"}, "source: '/accounting' does not belong to 'billing': it is '/billing' or below it"),
        ({"source": "/billings"}, "source: '/billings' does not belong to 'billing'"),
        ({"type": "taskify.task.assigned.v1"}, "type: only Taskify itself sends 'taskify.task.assigned.v1'"),
        ({"type": "taskify.notification.requested.v2"}, "type: Taskify does not know"),
    ],
    ids=str,
)
def test_a_mistake_is_told_with_its_place(changes: Json, told: str) -> None:
    (only,) = problems(**changes)

    assert only.startswith(told)


def test_all_mistakes_are_told_at_once() -> None:
    assert len(problems(id=None, source="/accounting", data_message="", data_kind="Invoice")) == 4


def test_a_misspelt_field_is_told_although_taskify_would_ignore_it() -> None:
    event = deepcopy(VALID)
    event["data"]["links"] = event["data"].pop("link")

    assert [str(problem) for problem in BILLING.problems(event)] == ["data.links: is not known; perhaps 'link'"]


def test_an_extension_of_cloudevents_may_be_added() -> None:
    BILLING.assert_valid({**VALID, "invoiceid": "42"})

    assert [str(problem) for problem in BILLING.problems({**VALID, "invoice_id": "42"})] == [
        "invoice_id: an attribute of CloudEvents has small letters and digits only"
    ]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_told(body: bytes) -> None:
    with pytest.raises(InvalidEventError, match="body: "):
        BILLING.assert_valid(body)


def test_a_source_below_the_service_is_its_own() -> None:
    BILLING.assert_valid({**VALID, "source": "/billing/invoices"})


def test_an_event_of_the_service_s_own_is_judged_by_its_envelope_alone() -> None:
    own = {**VALID, "type": "billing.invoice.paid.v1", "data": {"number": 42}}

    BILLING.assert_valid_envelope(own)
    with pytest.raises(InvalidEventError, match="Taskify does not know"):
        BILLING.assert_valid(own)
    with pytest.raises(InvalidEventError, match="id: is missing") as raised:
        BILLING.assert_valid_envelope({**{k: v for k, v in own.items() if k != "id"}, "source": "/accounting"})
    assert "'/accounting' does not belong" in str(raised.value)


@pytest.mark.parametrize(
    "name", ["billing", "billing-2", "b", "task", "task-service", "ws-gateway", "user", "Billing", "2b", "", "b" * 64]
)
def test_a_service_may_be_called_what_the_topology_lets_it_be_called(name: str) -> None:
    try:
        user_of_another_service(name)
    except ValueError:
        with pytest.raises(SettingsError):
            Contract(name)
    else:
        assert Contract(name).service == name
