"""What is no schema: close codes, the topology, and what AsyncAPI says beside the messages' bodies."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.compatibility.schema import Direction, Schema, Side, breaks

_OF_A_CHANNEL = ("address", "bindings", "x-exchange-arguments", "x-queue-arguments")
_OF_A_MESSAGE = ("name", "contentType", "x-amqp-properties")
_KEYS = {"exchanges": ("name",), "queues": ("name",), "bindings": ("exchange", "queue", "routing_key")}


def close_code_breaks(old: Schema, new: Schema) -> Iterator[str]:
    """Tell of codes that went, or after which a client is to do something else; it treats new ones as it may."""
    yield from _changed(old, new, ("name", "come_back"), "close code")


def topology_breaks(old: Schema, new: Schema) -> Iterator[str]:
    """Tell of what was there and is not, or not as it was: a broker does not declare a queue anew with other arguments.

    Rights of our own services are theirs alone; those of another service are part of what it may rely on.
    """
    for kind, keys in _KEYS.items():
        present = {tuple(each[key] for key in keys): each for each in new[kind]}
        for each in old[kind]:
            key = tuple(each[key] for key in keys)
            name = f"{kind.removesuffix('s')} {' → '.join(filter(None, key))}"
            if key not in present:
                yield f"{name} was removed"
            elif present[key] != each:
                yield f"{name} was changed"
    before, after = (next(user for user in each["users"] if user["name"] == "another-service") for each in (old, new))
    if before != after:
        yield "the rights of another service were changed"


def asyncapi_breaks(old: Schema, new: Schema) -> Iterator[str]:
    """Tell what would break who follows the document; the bodies are compared as JSON Schemas."""
    yield from _changed(old["channels"], new["channels"], _OF_A_CHANNEL, "channel")
    for name, channel in old["channels"].items():
        gone = channel["messages"].keys() - new["channels"].get(name, {}).get("messages", channel["messages"]).keys()
        yield from (f"channel {name} carries no {message} any more" for message in sorted(gone))
    yield from _changed(old["operations"], new["operations"], ("action",), "operation")
    before, after = old["components"]["messages"], new["components"]["messages"]
    yield from _changed(before, after, _OF_A_MESSAGE, "message")
    for name in sorted(before.keys() & after.keys()):
        headers = Side(old, before[name].get("headers", {})), Side(new, after[name].get("headers", {}))
        yield from (f"message {name}: {told}" for told in breaks(*headers, Direction.SENT, "headers"))


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], fields: tuple[str, ...], kind: str) -> Iterator[str]:
    for name, before in old.items():
        if name not in new:
            yield f"{kind} {name} was removed"
            continue
        for field in fields:
            if before.get(field) != new[name].get(field):
                yield f"{kind} {name}: {field} was {before.get(field)}, is {new[name].get(field)}"
