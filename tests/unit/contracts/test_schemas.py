import json
from pathlib import Path

import jsonschema
import pytest

from contracts.events.notification import NotificationRequested
from contracts.examples import examples
from contracts.generate import SCHEMAS, generated, stale
from tests.unit.contracts.test_events import assigned


def test_checked_in_schemas_and_pages_are_what_the_models_say() -> None:
    assert {folder.name: stale(expected, folder) for folder, expected in generated().items()} == {
        "schemas": [],
        "reference": [],
    }


def test_a_missing_a_changed_and_a_left_over_schema_are_stale(tmp_path: Path) -> None:
    (tmp_path / "changed.json").write_text("{}\n")
    (tmp_path / "left_over.json").write_text("{}\n")

    assert stale({"changed.json": '{"a": 1}\n', "missing.json": "{}\n"}, tmp_path) == [
        "changed.json",
        "left_over.json",
        "missing.json",
    ]


def test_an_event_of_ours_satisfies_its_schema() -> None:
    schema = json.loads((SCHEMAS / "events" / "taskify.task.assigned.v1.json").read_text())

    jsonschema.validate(json.loads(assigned().model_dump_json()), schema)


def test_a_kind_that_is_taskify_s_own_does_not_satisfy_the_schema() -> None:
    schema = json.loads((SCHEMAS / "events" / "taskify.notification.requested.v1.json").read_text())
    event = json.loads(examples()[NotificationRequested].model_dump_json())
    jsonschema.validate(event, schema)

    event["data"]["kind"] = "task_assigned"

    with pytest.raises(jsonschema.ValidationError, match="task_assigned"):
        jsonschema.validate(event, schema)


def test_an_event_without_its_type_does_not_satisfy_its_schema() -> None:
    schema = json.loads((SCHEMAS / "events" / "taskify.task.assigned.v1.json").read_text())
    event = json.loads(assigned().model_dump_json())
    del event["type"]

    with pytest.raises(jsonschema.ValidationError, match="type"):
        jsonschema.validate(event, schema)


@pytest.mark.parametrize("frame", [{"payload": {"seq": 1}}, {"payload": {"token": "t"}}])
def test_a_frame_of_a_page_without_its_type_does_not_satisfy_its_schema(frame: object) -> None:
    schema = json.loads((SCHEMAS / "socket" / "client_frame.json").read_text())

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(frame, schema)
