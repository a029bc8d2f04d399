"""Whether messages were sent as agreed."""

import json
from dataclasses import replace
from typing import Any

import pytest

from taskify_testkit import Contract
from taskify_testkit.agreed import not_as_agreed
from taskify_testkit.observer import Heard, Where
from tests.unit.testkit.test_contract import VALID

SENT = Heard(
    0,
    Where.ROUTED,
    "notification.requested",
    "billing",
    VALID["id"],
    {},
    json.dumps(VALID).encode(),
    VALID["type"],
    "application/cloudevents+json",
    persistent=True,
)
BILLING = Contract("billing")


def test_a_message_as_agreed_is_silent() -> None:
    by_key = replace(SENT, user_id=None, routing_key="billing.notification.requested")

    assert not_as_agreed(BILLING, [SENT, by_key]) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"persistent": False}, "it is not persistent"),
        ({"content_type": "text/plain"}, "content_type is 'text/plain': set it to 'application/cloudevents+json'"),
        ({"type": "invoice"}, "type is 'invoice': set it to 'taskify.notification.requested.v1'"),
        ({"message_id": None}, f"message_id is None: set it to '{VALID['id']}'"),
        ({"user_id": None}, "user_id is not set"),
    ],
    ids=str,
)
def test_a_property_that_is_not_as_agreed_is_told(changes: dict[str, Any], told: str) -> None:
    _, line = not_as_agreed(BILLING, [SENT, replace(SENT, **changes)])

    assert told in line


def test_an_event_that_is_not_as_agreed_is_told() -> None:
    _, *lines = not_as_agreed(BILLING, [replace(SENT, body=b"[]")])

    assert any("a JSON object is needed" in line for line in lines)


def test_what_was_not_sent_was_not_sent_as_agreed() -> None:
    assert not_as_agreed(BILLING, [replace(SENT, where=Where.UNROUTED)]) == [
        "billing has sent no event to have people told"
    ]
