"""What the test kit knows of Taskify: data that is generated from its contracts."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

Json = dict[str, Any]

MARKER_SENDER = "taskify-testkit"
MARKER_KIND = "taskify_testkit_marker"
"""Notifications of this kind are the test kit's own: it tells by them how far Taskify has come."""


@dataclass(frozen=True, slots=True)
class Rights:
    """Patterns of what another service may do at the broker; `template_name` stands for its name."""

    template_name: str
    configure: str
    write: str
    read: str
    topic_write: str
    topic_read: str


@dataclass(frozen=True, slots=True)
class Broker:
    """`routing_keys` is by type of event, with `*` for the lane; `taken_names` no other service may have."""

    content_type: str
    events_exchange: str
    unrouted_exchange: str
    dead_letters_exchange: str
    dead_letters_routing_key: str
    task_service: str
    request_type: str
    request_routing_key: str
    request_queue: str
    bound_routing_keys: tuple[str, ...]
    routing_keys: dict[str, str]
    taken_names: tuple[str, ...]
    rights: Rights


@cache
def broker() -> Broker:
    """Give what a service has to know of the broker."""
    read = json.loads(_data().joinpath("broker.json").read_text())
    return Broker(**{**read, "rights": Rights(**read["rights"])})


@cache
def schema(event_type: str) -> Json:
    """Give the JSON Schema of a type of event that Taskify knows."""
    read: Json = json.loads(_data().joinpath("events", f"{event_type}.json").read_text())
    return read


def sample_files(event_type: str) -> list[Traversable]:
    """Give the files of a type's golden samples, in the order of their names."""
    return sorted(_data().joinpath("samples", event_type).iterdir(), key=lambda file: file.name)


def _data() -> Traversable:
    return files("taskify_testkit").joinpath("data")
