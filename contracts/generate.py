"""Write the JSON Schemas of everything that crosses the broker or the socket: `python -m contracts.generate [--check]`.

The OpenAPI documents below `schemas/openapi/` come from the two services that serve those APIs, by their own command.
With `--check` nothing is written, and the command fails when a checked-in schema is not what the models say.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from contracts.deliveries import Delivery
from contracts.events import EVENTS, AnyEvent, type_of
from contracts.problems import Problem
from contracts.socket.close_codes import CLOSE_RULES
from contracts.socket.frames import Notification, client_frame, server_frame

SCHEMAS = Path(__file__).parent / "schemas"
OPENAPI_FOLDER = "openapi"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, Any]:
    """Give each file's path below `schemas/` with its content."""
    files: dict[str, Any] = {f"events/{type_of(event)}.json": _event_schema(event) for event in EVENTS}
    files["deliveries/delivery.json"] = _schema(Delivery)
    files["socket/client_frame.json"] = _schema(client_frame, "validation")
    files["socket/server_frame.json"] = _schema(server_frame)
    files["socket/notification.json"] = _schema(Notification)
    files["socket/close_codes.json"] = {
        str(code.value): {"name": code.name, "meaning": rule.meaning, "come_back": rule.come_back}
        for code, rule in CLOSE_RULES.items()
    }
    files["problem.json"] = _schema(Problem)
    return files


def _event_schema(event: type[AnyEvent]) -> dict[str, Any]:
    """Describe an event; the attributes that our own producers fill in by default are required of everybody."""
    schema = _schema(event, "validation")
    return {**schema, "required": ["specversion", "type", *schema["required"]]}


def _schema(model: Any, mode: JsonSchemaMode = "serialization") -> dict[str, Any]:  # noqa: ANN401 (TypeAdapter takes any type)
    """Describe a model with an open content: whoever reads by the schema ignores what it does not name."""
    adapter = model if isinstance(model, TypeAdapter) else TypeAdapter(model)
    return {"$schema": _DIALECT, **_open(adapter.json_schema(mode=mode))}


def _open(schema: Any) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(schema, dict):
        return {key: _open(value) for key, value in schema.items() if (key, value) != ("additionalProperties", False)}
    return [_open(value) for value in schema] if isinstance(schema, list) else schema


def render(content: dict[str, Any]) -> str:
    """Write a schema the same way every time, so that a difference is a difference."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def stale(expected: dict[str, str], folder: Path) -> list[str]:
    """Name the files below a folder that are missing, different, or no longer generated."""
    present = {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*.json")
        if path.parent.name != OPENAPI_FOLDER
    }
    return sorted(name for name in expected.keys() | present.keys() if expected.get(name) != present.get(name))


def main() -> int:
    """Write the schemas, or say which are stale."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="write nothing; fail when a schema is stale")
    expected = {name: render(content) for name, content in schemas().items()}
    if arguments.parse_args().check:
        different = stale(expected, SCHEMAS)
        for name in different:
            sys.stderr.write(f"contracts/schemas/{name} is stale: run `make contracts`\n")
        return 1 if different else 0
    for name in stale(expected, SCHEMAS):
        (SCHEMAS / name).unlink(missing_ok=True)
    for name, text in expected.items():
        (SCHEMAS / name).parent.mkdir(parents=True, exist_ok=True)
        (SCHEMAS / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
