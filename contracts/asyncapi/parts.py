"""What both documents are made of."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from contracts.envelope import EnvelopeAttributes
from contracts.schema import event_schema, open_content

Document = dict[str, Any]

ASYNCAPI_VERSION = "3.0.0"
DOCUMENT_VERSION = "1"
"""Moves on with what breaks a consumer; the first number of the released set's version."""


def schemas_of(models: Iterable[tuple[type[BaseModel], JsonSchemaMode]]) -> Document:
    """Describe models by name, each with all that it refers to."""
    wanted = list(models)
    _, described = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    names = {model.__name__: model for model, _ in wanted}
    definitions: Document = open_content(described["$defs"])
    return {name: _with_its_type(schema, names.get(name)) for name, schema in definitions.items()}


def _with_its_type(schema: Document, model: type[BaseModel] | None) -> Document:
    """Require the `type` that our own producers fill in by default, since readers choose by it."""
    if model is None or "type" not in model.model_fields or "type" in schema["required"]:
        return schema
    if issubclass(model, EnvelopeAttributes):
        return event_schema(schema)
    return {**schema, "required": ["type", *schema["required"]]}


def reference(*path: str) -> dict[str, str]:
    """Refer to a place in the same document."""
    return {"$ref": "#/" + "/".join(name.replace("~", "~0").replace("/", "~1") for name in path)}


def own_description(model: type[BaseModel]) -> str:
    """Give what a model says of itself, on one line; nothing if only its bases say something."""
    return " ".join((model.__dict__.get("__doc__") or "").split())


def camel(name: str) -> str:
    """Write the name of a class as that of a channel."""
    return name[:1].lower() + name[1:]
