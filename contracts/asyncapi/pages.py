"""An AsyncAPI document as a page of Markdown."""

import json
from collections.abc import Iterator
from typing import Any

from contracts.asyncapi.parts import Document

_UNTOLD = "none"


def page(document: Document) -> str:
    """Write what a reader looks up: who sends and takes what, where, and what each message holds."""
    return "\n".join(_lines(document)).rstrip() + "\n"


def _lines(document: Document) -> Iterator[str]:
    information = document["info"]
    yield f"# {information['title']}"
    yield "\nGenerated from the models by `make contracts`; not edited by hand.\n"
    yield f"{information['description']}\n"
    yield "## Channels\n"
    for name, channel in document["channels"].items():
        yield from _channel(name, channel, document)
    yield "## Messages\n"
    for name, message in document["components"]["messages"].items():
        yield from _message(name, message, document["components"]["schemas"])


def _channel(name: str, channel: Document, document: Document) -> Iterator[str]:
    yield f"### `{name}`\n"
    yield from _table(
        ("", ""),
        [
            ("address", f"`{channel['address']}`" if channel["address"] else "(empty)"),
            *((f"`{{{key}}}`", value["description"]) for key, value in channel.get("parameters", {}).items()),
            *_bindings(channel),
            *_operations(name, document["operations"]),
            ("messages", ", ".join(_link(each["$ref"]) for each in channel["messages"].values())),
        ],
    )
    if "x-order" in channel:
        yield "Order:\n"
        yield from (f"- {rule}" for rule in channel["x-order"])
        yield ""
    if "x-close-codes" in channel:
        codes = channel["x-close-codes"].items()
        rows = [(code, f"`{rule['name']}`", rule["meaning"], f"`{rule['come_back']}`") for code, rule in codes]
        yield from _table(("close code", "name", "why", "come back"), rows)


def _bindings(channel: Document) -> Iterator[tuple[str, str]]:
    amqp = channel.get("bindings", {}).get("amqp", {})
    if "exchange" in amqp:
        arguments = _text(channel["x-exchange-arguments"])
        yield "exchange", f"`{amqp['exchange']['name']}` ({amqp['exchange']['type']}, durable; arguments {arguments})"
    if "queue" in amqp:
        yield "queue", f"durable; arguments {_text(channel['x-queue-arguments'])}"
        for bound in channel["x-bound-to"]:
            key = f" with `{bound['routingKey']}`" if bound["routingKey"] else ""
            yield "bound to", f"`{bound['exchange']}`{key}"


def _operations(channel: str, operations: Document) -> Iterator[tuple[str, str]]:
    own = [each for each in operations.values() if each["channel"]["$ref"] == f"#/channels/{channel}"]
    for words, action in (("sent by", "send"), ("taken by", "receive")):
        services = sorted({tag["name"] for each in own if each["action"] == action for tag in each.get("tags", [])})
        if services:
            yield words, ", ".join(f"`{service}`" for service in services)


def _message(name: str, message: Document, schemas: Document) -> Iterator[str]:
    yield f"### {name}\n"
    if message.get("summary"):
        yield f"{message['summary']}\n"
    if "x-amqp-properties" in message:
        yield from _table(
            ("AMQP property", "value"), [(f"`{k}`", str(v)) for k, v in message["x-amqp-properties"].items()]
        )
    for part in ("headers", "payload"):
        schema = _resolved(message.get(part, {}), schemas)
        if "properties" in schema:
            yield from _table((part if part == "headers" else "field", "required", "what"), _fields(schema, schemas))


def _fields(schema: Document, schemas: Document, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    required = schema.get("required", [])
    for name, field in schema["properties"].items():
        path = f"{prefix}{name}"
        yield f"`{path}`", "yes" if name in required else "", _what(field, schemas)
        inner = _resolved(field, schemas)
        if name in {"data", "payload"} and inner.get("properties"):
            yield from _fields(inner, schemas, f"{path}.")


def _what(field: Document, schemas: Document) -> str:
    if "$ref" in field:
        inner = _resolved(field, schemas)
        return (
            _what(inner, schemas) if "enum" in inner else f"{field['$ref'].rpartition('/')[2]} {_names(inner)}".strip()
        )
    if "const" in field:
        return _text(field["const"])
    if "enum" in field:
        return "one of " + ", ".join(_text(value) for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(_what(each, schemas) for each in field["anyOf"])
    limits = {
        key: value for key, value in field.items() if key not in {"type", "title", "description", "items", "default"}
    }
    words = f"list of {_what(field['items'], schemas)}" if "items" in field else str(field.get("type", "anything"))
    if "not" in limits:
        limits["none of"] = limits.pop("not")["enum"]
    told = ", ".join(f"{key} {_text(value)}" for key, value in limits.items() if key != "properties")
    return "; ".join(filter(None, (words, told, field.get("description", ""))))


def _names(schema: Document) -> str:
    names = ", ".join(schema.get("properties", {}))
    return f"{{{names}}}" if names else ""


def _resolved(schema: Document, schemas: Document) -> Document:
    (only,) = schema.get("allOf", [schema])
    if "$ref" not in only:
        return schema
    resolved: Document = schemas[only["$ref"].rpartition("/")[2]]
    return resolved


def _link(reference: str) -> str:
    name = reference.rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


def _text(value: Any) -> str:  # noqa: ANN401 (any JSON)
    return f"`{json.dumps(value, ensure_ascii=False)}`" if value != {} else _UNTOLD


def _table(head: tuple[str, ...], rows: Any) -> Iterator[str]:  # noqa: ANN401 (tuples as long as the head)
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""
