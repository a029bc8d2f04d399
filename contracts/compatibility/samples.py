"""Golden samples: events as a released version wrote them, which every later version must be able to read."""

import json
from typing import Any

from contracts.compatibility.schema import Schema, Side
from contracts.events import AnyEvent, type_of
from contracts.examples import examples

LATER = "later"
"""A name that no contract has: CloudEvents lets an attribute's name be of small letters and digits only."""


def samples(schemas: dict[str, Schema]) -> dict[str, str]:
    """Give samples of every type by `<type>/<kind>`: complete, with what is required only, and with unknown fields."""
    made = {}
    for event, example in examples().items():
        schema = schemas[f"events/{type_of(event)}.json"]
        complete = _written(example)
        made[f"{type_of(event)}/complete"] = _text(complete)
        made[f"{type_of(event)}/minimal"] = _text(_required_only(Side(schema, schema), complete))
        made[f"{type_of(event)}/unknown_fields"] = _text(_with_unknown_fields(complete))
    return made


def _written(event: AnyEvent) -> Any:  # noqa: ANN401 (any JSON)
    return json.loads(event.model_dump_json())


def _required_only(side: Side, value: Any) -> Any:  # noqa: ANN401 (any JSON)
    schema = side.resolved().schema
    if isinstance(value, list):
        return [_required_only(side.at(schema.get("items", {})), each) for each in value]
    if not isinstance(value, dict) or "properties" not in schema:
        return value
    return {
        name: _required_only(side.at(schema["properties"][name]), value[name])
        for name in value
        if name in schema.get("required", ())
    }


def _with_unknown_fields(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(value, list):
        return [_with_unknown_fields(each) for each in value]
    if isinstance(value, dict):
        return {**{name: _with_unknown_fields(each) for name, each in value.items()}, LATER: "unknown"}
    return value


def _text(value: Any) -> str:  # noqa: ANN401 (any JSON)
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
