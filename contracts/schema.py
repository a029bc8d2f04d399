"""JSON Schemas of models, for those who read what the models write.

A model of ours refuses unknown fields when it is built, and ignores them when it is read; a schema says
the second.
"""

from typing import Any


def open_content(schema: Any) -> Any:  # noqa: ANN401 (any JSON)
    """Let a schema take objects with more fields than it names."""
    if isinstance(schema, dict):
        return {
            key: open_content(value) for key, value in schema.items() if (key, value) != ("additionalProperties", False)
        }
    return [open_content(value) for value in schema] if isinstance(schema, list) else schema


def event_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Require of everybody the attributes of an event that our own producers fill in by default."""
    return {**schema, "required": ["specversion", "type", *schema["required"]]}


def frame_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Require of everybody the `type` by which a frame is told from the others."""
    frames = {reference.rpartition("/")[2] for reference in schema["discriminator"]["mapping"].values()}
    definitions = {
        name: {**each, "required": sorted({"type", *each.get("required", ())})} if name in frames else each
        for name, each in schema["$defs"].items()
    }
    return {**schema, "$defs": definitions}
