"""Our events, read by the official CloudEvents SDKs."""

import json
import subprocess
from typing import Any

import pytest
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_rabbitmq_event

from contracts.compatibility.released import RELEASED
from contracts.envelope import CONTENT_TYPE
from contracts.events import EVENTS, AnyEvent, type_of
from contracts.examples import examples
from infra.local.logged import REPOSITORY
from infra.local.node import node

SDK_SECONDS = 60
SAMPLES = sorted((RELEASED / "samples").rglob("*.json"))


def read_by_javascript(*bodies: str) -> subprocess.CompletedProcess[str]:
    script = REPOSITORY / "contracts" / "tools" / "accept.mjs"
    return subprocess.run(
        [node(), script], input=json.dumps(bodies), capture_output=True, text=True, timeout=SDK_SECONDS, check=False
    )


def without_moment(event: dict[str, Any]) -> dict[str, Any]:
    """JavaScript writes a time with milliseconds."""
    return {name: value for name, value in event.items() if name != "time"}


@pytest.mark.parametrize("event", examples().values(), ids=lambda event: event.type)
def test_the_sdk_for_python_understands_every_event(event: AnyEvent) -> None:
    understood = from_rabbitmq_event(
        RabbitMQMessage(headers={}, content_type=CONTENT_TYPE, body=event.model_dump_json().encode())
    )

    written = json.loads(event.model_dump_json())
    assert understood.get_data() == written.pop("data")
    attributes = understood.get_attributes()
    assert attributes.pop("time") == event.time
    assert attributes == without_moment(written)


def test_the_sdk_for_javascript_understands_every_event() -> None:
    written = [event.model_dump_json() for event in examples().values()]

    result = read_by_javascript(*written)

    assert result.returncode == 0, result.stderr
    understood = json.loads(result.stdout)
    assert len(understood) == len(EVENTS)
    assert [without_moment(event) for event in understood] == [without_moment(json.loads(body)) for body in written]


def test_both_sdks_understand_every_released_sample() -> None:
    bodies = [path.read_text() for path in SAMPLES]

    result = read_by_javascript(*bodies)

    assert result.returncode == 0, result.stderr
    assert {event["type"] for event in json.loads(result.stdout)} == set(map(type_of, EVENTS))
    for body in bodies:
        message = RabbitMQMessage(headers={}, content_type=CONTENT_TYPE, body=body.encode())
        assert from_rabbitmq_event(message).get_id() == json.loads(body)["id"]


def test_an_event_without_its_type_is_refused_by_the_sdk_for_javascript() -> None:
    (event, *_) = examples().values()
    body = json.loads(event.model_dump_json())
    del body["type"]

    assert read_by_javascript(json.dumps(body)).returncode == 1
