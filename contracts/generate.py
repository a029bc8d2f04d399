"""Write what is generated from the models and the topology: `python -m contracts.generate [--check]`.

Below `contracts/schemas` the JSON Schemas of everything that crosses the broker or the socket, the topology and the two
AsyncAPI documents; in `docs/reference` those documents as pages. The OpenAPI documents below `schemas/openapi/` come
from the two services that serve those APIs, by their own command.

With `--check` nothing is written, and the command fails when a checked-in file is not what the models say.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from contracts.asyncapi.broker import broker_document
from contracts.asyncapi.pages import page
from contracts.asyncapi.socket import socket_document
from contracts.dead_letters import DeadLetterHeaders
from contracts.deliveries import Delivery
from contracts.events import EVENTS, AnyEvent, type_of
from contracts.problems import Problem
from contracts.schema import event_schema, frame_schema, open_content
from contracts.socket.close_codes import CLOSE_RULES
from contracts.socket.frames import Notification, client_frame, server_frame
from contracts.topology import BINDINGS, EXCHANGES, QUEUES, USERS, user_of_another_service

_REPOSITORY = Path(__file__).parent.parent
SCHEMAS = Path(__file__).parent / "schemas"
PAGES = _REPOSITORY / "docs" / "reference"
OPENAPI_FOLDER = "openapi"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, Any]:
    """Give each file's path below `schemas/` with its content."""
    files: dict[str, Any] = {f"events/{type_of(event)}.json": _event_schema(event) for event in EVENTS}
    files["deliveries/delivery.json"] = _schema(Delivery)
    files["dead_letter_headers.json"] = _schema(DeadLetterHeaders)
    files["socket/client_frame.json"] = frame_schema(_schema(client_frame, "validation"))
    files["socket/server_frame.json"] = _schema(server_frame)
    files["socket/notification.json"] = _schema(Notification)
    files["socket/close_codes.json"] = {
        str(code.value): {"name": code.name, "meaning": rule.meaning, "come_back": rule.come_back}
        for code, rule in CLOSE_RULES.items()
    }
    files["problem.json"] = _schema(Problem)
    files["topology.json"] = {
        "exchanges": [asdict(exchange) for exchange in EXCHANGES],
        "queues": [asdict(queue) for queue in QUEUES],
        "bindings": [asdict(binding) for binding in BINDINGS],
        "users": [asdict(user) for user in (*USERS, user_of_another_service("another-service"))],
    }
    files["asyncapi/broker.json"] = broker_document()
    files["asyncapi/socket.json"] = socket_document()
    return files


def pages() -> dict[str, str]:
    """Give each file's path below `docs/reference/` with its text."""
    return {"broker.md": page(broker_document()), "socket.md": page(socket_document())}


def _event_schema(event: type[AnyEvent]) -> dict[str, Any]:
    return event_schema(_schema(event, "validation"))


def _schema(model: Any, mode: JsonSchemaMode = "serialization") -> dict[str, Any]:  # noqa: ANN401 (TypeAdapter takes any type)
    adapter = model if isinstance(model, TypeAdapter) else TypeAdapter(model)
    return {"$schema": _DIALECT, **open_content(adapter.json_schema(mode=mode))}


def render(content: dict[str, Any]) -> str:
    """Write a schema the same way every time, so that a difference is a difference."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def stale(expected: dict[str, str], folder: Path) -> list[str]:
    """Name the files below a folder that are missing, different, or no longer generated."""
    present = {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != OPENAPI_FOLDER
    }
    return sorted(name for name in expected.keys() | present.keys() if expected.get(name) != present.get(name))


def generated() -> dict[Path, dict[str, str]]:
    """Give the texts of all generated files, by their folder."""
    return {SCHEMAS: {name: render(content) for name, content in schemas().items()}, PAGES: pages()}


def main() -> int:
    """Write the files, or say which are stale."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    check = arguments.parse_args().check
    different = [
        (folder / name, expected.get(name))
        for folder, expected in generated().items()
        for name in stale(expected, folder)
    ]
    for path, text in different:
        if check:
            sys.stderr.write(f"{path.relative_to(_REPOSITORY)} is stale: run `make contracts`\n")
        elif text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return 1 if check and different else 0


if __name__ == "__main__":
    sys.exit(main())
