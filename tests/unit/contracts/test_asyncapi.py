import json
from typing import Any

import jsonschema
import pytest

from contracts.asyncapi.broker import broker_document
from contracts.asyncapi.pages import page
from contracts.asyncapi.socket import CLIENT_FRAMES, SERVER_FRAMES, frame_type, socket_document
from contracts.dead_letters import DeadLetterHeaders
from contracts.events import EVENTS, AnyEvent, type_of
from contracts.examples import examples
from contracts.generate import SCHEMAS
from contracts.topology import (
    BINDINGS,
    EXCHANGES,
    QUEUES,
    TASK_LANES,
    TASK_SERVICE,
    USERS,
    WORKER_REQUESTS,
    matches,
    task_events_queue,
)
from infra.broker.dead_letters import letter

BROKER = broker_document()
SOCKET = socket_document()


def schema_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {**document["components"]["schemas"][name], "components": document["components"]}


def test_every_event_has_its_channel_its_message_and_its_sender() -> None:
    sent = {
        operation["messages"][0]["$ref"].rpartition("/")[2]
        for operation in BROKER["operations"].values()
        if operation["action"] == "send"
    }

    assert {event.__name__ for event in EVENTS} <= sent
    assert {BROKER["components"]["messages"][event.__name__]["name"] for event in EVENTS} == set(map(type_of, EVENTS))


def test_every_exchange_and_every_queue_is_there_with_its_arguments() -> None:
    channels = BROKER["channels"].values()
    exchanges = {each["bindings"]["amqp"].get("exchange", {}).get("name") for each in channels}
    queues = {
        each["address"].replace("{lane}", str(lane)): each["x-queue-arguments"]
        for each in channels
        for lane in range(TASK_LANES)
        if "x-queue-arguments" in each
    }

    assert queues == {queue.name: queue.arguments for queue in QUEUES}
    # Nobody sends to the exchange of unrouted messages: the broker itself does.
    bound = {bound["exchange"] for each in channels for bound in each.get("x-bound-to", [])}
    assert exchanges - {None} | bound == {exchange.name for exchange in EXCHANGES}


def test_every_binding_is_there() -> None:
    said = {
        (bound["exchange"], each["address"].replace("{lane}", lane), bound["routingKey"].replace("{lane}", lane))
        for each in BROKER["channels"].values()
        for bound in each.get("x-bound-to", [])
        for lane in map(str, range(TASK_LANES))
    }

    assert said == {(binding.exchange, binding.queue, binding.routing_key) for binding in BINDINGS}


def test_a_queue_is_said_to_hold_what_its_bindings_let_in() -> None:
    assert list(BROKER["channels"][f"queue.{WORKER_REQUESTS}"]["messages"]) == ["NotificationRequested"]
    deliveries = BROKER["channels"]["queue.notification.deliveries"]
    assert list(deliveries["messages"]) == ["SessionEnded", "Delivery", "Padding"]
    lanes = BROKER["channels"]["queue.notification-worker.task-events"]
    assert len(lanes["messages"]) == 10
    assert task_events_queue(3) == lanes["address"].replace("{lane}", "3")


def test_the_example_of_each_event_satisfies_its_payload() -> None:
    for event in EVENTS:
        message = BROKER["components"]["messages"][event.__name__]
        for example in message["examples"]:
            jsonschema.validate(example["payload"], schema_of(BROKER, event.__name__))


def as_json_schema(document: dict[str, Any], name: str) -> Any:
    text = json.dumps(document["components"]["schemas"][name])
    return json.loads(text.replace("#/components/schemas/", "#/$defs/"))


@pytest.mark.parametrize("event", EVENTS, ids=type_of)
def test_the_payload_of_an_event_is_what_its_json_schema_says(event: type[AnyEvent]) -> None:
    schema = json.loads((SCHEMAS / "events" / f"{type_of(event)}.json").read_text())
    parts = schema.pop("$defs")
    del schema["$schema"]

    assert as_json_schema(BROKER, event.__name__) == schema
    assert {name: as_json_schema(BROKER, name) for name in parts} == parts


@pytest.mark.parametrize("file", ["client_frame", "server_frame"])
def test_the_payload_of_a_frame_is_what_its_json_schema_says(file: str) -> None:
    parts = json.loads((SCHEMAS / "socket" / f"{file}.json").read_text())["$defs"]

    said = {name: as_json_schema(SOCKET, name) for name in parts}

    assert {name: in_any_order(part) for name, part in said.items()} == {
        name: in_any_order(part) for name, part in parts.items()
    }


def in_any_order(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "required": sorted(schema.get("required", []))}


def test_there_is_one_complete_example_of_every_event() -> None:
    assert set(examples()) == set(EVENTS)
    for event in examples().values():
        assert None not in json.loads(event.model_dump_json()).values()


def test_the_headers_of_dead_letters_are_those_that_are_written_and_read() -> None:
    names = {
        letter.REASON,
        letter.ERROR,
        letter.QUEUE,
        letter.EXCHANGE,
        letter.ROUTING_KEY,
        letter.USER_ID,
        letter.FIRST_FAILED_AT,
        letter.LAST_FAILED_AT,
        letter.ATTEMPTS,
    }

    assert set(DeadLetterHeaders.model_json_schema()["properties"]) == names


def test_every_frame_is_sent_one_way() -> None:
    assert set(SOCKET["operations"]) == {
        *(f"gateway.takes.{frame_type(frame)}" for frame in CLIENT_FRAMES),
        *(f"gateway.sends.{frame_type(frame)}" for frame in SERVER_FRAMES),
    }


def test_the_frames_are_those_of_the_socket_s_schemas() -> None:
    for name, frames in (("client_frame", CLIENT_FRAMES), ("server_frame", SERVER_FRAMES)):
        schema = json.loads((SCHEMAS / "socket" / f"{name}.json").read_text())
        assert set(schema["discriminator"]["mapping"]) == {frame_type(frame) for frame in frames}


def test_a_frame_without_its_type_does_not_satisfy_its_payload() -> None:
    with pytest.raises(jsonschema.ValidationError, match="type"):
        jsonschema.validate({"payload": {"seq": 1}}, schema_of(SOCKET, "Ping"))


def test_the_page_shows_each_message_each_close_code_and_each_argument() -> None:
    broker, socket = page(BROKER), page(SOCKET)

    assert all(f"### {event.__name__}\n" in broker for event in EVENTS)
    assert all(json.dumps(queue.arguments) in broker for queue in QUEUES)
    assert all(f"| {code} |" in socket for code in ("1009", "4401", "4429"))


@pytest.mark.parametrize(
    ("pattern", "routing_key", "taken"),
    [
        ("task.*.3", "task.assigned.3", True),
        ("task.*.3", "task.assigned.4", False),
        ("task.*.3", "task.a.b.3", False),
        ("user.erased", "user.erased", True),
        ("#", "a.b.c", True),
        ("billing.#", "billing", True),
        ("billing.#", "billings.paid", False),
        ("*", "a.b", False),
    ],
)
def test_a_binding_takes_what_the_broker_would_let_it_take(pattern: str, routing_key: str, taken: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert matches(pattern, routing_key) is taken


def test_who_is_said_to_send_is_a_user_of_the_broker() -> None:
    users = {user.name for user in USERS} | {"another-service"}
    senders = {
        operation["bindings"]["amqp"]["userId"]
        for operation in BROKER["operations"].values()
        if "userId" in operation["bindings"]["amqp"]
    }

    assert TASK_SERVICE in senders
    assert senders <= users
