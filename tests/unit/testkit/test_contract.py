import json
from copy import deepcopy
from typing import Any
from uuid import UUID

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
RECIPIENT: str = VALID["data"]["recipients"][0]


def problems(**changes: Any) -> list[str]:
    """Give what is wrong with the example, changed; `data_…` changes its data, and None takes a field out."""
    event = deepcopy(VALID)
    for path, value in changes.items():
        name = path.removeprefix("data_")
        place = event if name == path else event["data"]
        place.pop(name, None)
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
        ({"time": "yesterday"}, "time: 'yesterday' is not a time with its zone, like '2030-"),
        ({"time": "2030-01-01T12:00:00"}, "time: '2030-01-01T12:00:00' is not a time with its zone, like '2030-"),
        ({"data_recipients": ["ann"]}, "data.recipients[0]: 'ann' is not a uuid"),
        ({"data_recipients": []}, "data.recipients: has 0 items; at least 1"),
        ({"data_kind": "digest"}, "data.kind: 'digest' is one of Taskify's own; take a word of your own"),
        (
            {"data_link": "http://billing.example"},
            "data.link: 'http://billing.example' is not a link: 'https://…', or a path",
        ),
        ({"data_link": 5}, "data.link: 5 is not a link: 'https://…'"),
        ({"data_kind": "Invoice"}, "data.kind: 'Invoice' is not a kind: 1 to 50 of a-z, 0-9 and _"),
        ({"data_actor": "Ann"}, "data.actor: 'Ann' is not a person, like {'id': '…', 'name': 'Ann'}, or null"),
        ({"data_actor": {"id": RECIPIENT}}, "data.actor.name: is missing"),
        ({"data_message": ""}, "data.message: has 0 characters; at least 1"),
        ({"data_message": "x" * 10_000}, "data.message: has 10000 characters; at most 500"),
        ({"data_message": "a\0b"}, "data.message: holds U+0000, which no database takes"),
        ({"data_message": "a\ud83d"}, "data.message: holds U+D83D, half of a surrogate pair, which is no text"),
        ({"data_recipients": [RECIPIENT] * 1_001}, "data.recipients: has 1001 items; at most 1000"),
        ({"data_recipients": RECIPIENT}, f"data.recipients: '{RECIPIENT}' is not a list"),
        ({"data_recipients": [UUID(RECIPIENT)]}, f"body: no JSON: UUID('{RECIPIENT}') is a UUID; write it as text"),
        ({"subject": None, "subjct": "invoice-42"}, "subjct: is not known; perhaps 'subject'"),
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


def test_an_event_of_a_wrong_type_is_judged_all_the_same() -> None:
    told = problems(type="taskify.notification.request.v1", data_message=None)

    assert [each.partition(":")[0] for each in told] == ["type", "data.message"]


def test_what_is_told_is_short_however_long_the_event_is() -> None:
    long = {"message": "x" * 100_000, "recipients": ["y" * 1_000] * 5_000, "link": "z" * 1_000, "k" * 1_000: 1}

    with pytest.raises(InvalidEventError) as raised:
        BILLING.assert_valid({**VALID, "data": {**VALID["data"], **long}})

    told = str(raised.value)
    assert len(told) < 10_000
    assert max(map(len, told.partition("\n{")[0].splitlines())) < 300
    assert "\n  and " in told


def test_text_that_cannot_be_printed_is_shown_all_the_same() -> None:
    with pytest.raises(InvalidEventError) as raised:
        BILLING.assert_valid({**VALID, "data": {**VALID["data"], "message": "a\ud83d"}})

    assert str(raised.value).encode()


@pytest.mark.parametrize(
    ("type_", "told"),
    [
        ("taskify.task.created.v1", "type: only Taskify itself sends 'taskify.task.created.v1'"),
        ("taskify.notification.requested.v1", "`assert_valid` judges all of it"),
    ],
)
def test_an_event_of_taskify_is_none_of_the_service_s_own(type_: str, told: str) -> None:
    with pytest.raises(InvalidEventError) as raised:
        BILLING.assert_valid_envelope({**VALID, "type": type_})

    assert str(raised.value).startswith("this is no event of billing's own:")
    assert told in str(raised.value)


def test_extensions_of_cloudevents_are_not_taken_for_misspelt() -> None:
    BILLING.assert_valid({**VALID, "sequencetype": "Integer", "tracestate": "a=b", "dataschema": "https://a.example"})


def test_the_test_kit_s_own_name_is_no_service_s() -> None:
    with pytest.raises(SettingsError, match="the test kit's own"):
        Contract("taskify-testkit")


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
