"""Test a service against a real Taskify: a pytest plugin on containers.

What it does
    `plugin` gives the fixtures. `containers` starts PostgreSQL, RabbitMQ and Taskify once a session; `addresses` says
    where a Taskify is that runs already. `system` is the connection of the session to either, `taskify` what one test
    sees of it: `people` who have open windows, `streams` of events; a `member` is what the kit knows of a person.
    `contract` judges an event before it is sent, `agreed` the message when it was sent, `samples` are events of Taskify
    as released versions wrote them. `stopped` says where an event stopped on its way, out of what the `observer` heard
    at the broker.

Guarantees
    · Every wait has an end, and a failure says what was expected, what came, and where it stopped.
    · Only public ways are used: both HTTP APIs, the socket, the broker. What the observer hears changes no routing.
    · All input and output is in one thread with an event loop of its own. So a test may have any loop of asyncio, a new
      one each, or none.
    · Data about Taskify (JSON Schemas, samples, routing keys, rights) is generated from its contracts.

May import
    aio-pika, httpx, websockets, jsonschema, testcontainers, pytest; nothing of Taskify.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taskify_testkit.addresses import Addresses
    from taskify_testkit.contract import Contract
    from taskify_testkit.errors import (
        InvalidEventError,
        NotStartedError,
        RequestRefusedError,
        SettingsError,
        TaskifyTestkitError,
        UnexpectedError,
    )
    from taskify_testkit.notification import Actor, Notification
    from taskify_testkit.people import Person
    from taskify_testkit.samples import Sample, taskify_samples
    from taskify_testkit.streams import Event, EventStream
    from taskify_testkit.taskify import Taskify
    from taskify_testkit.validation import Problem

__all__ = [
    "Actor",
    "Addresses",
    "Contract",
    "Event",
    "EventStream",
    "InvalidEventError",
    "NotStartedError",
    "Notification",
    "Person",
    "Problem",
    "RequestRefusedError",
    "Sample",
    "SettingsError",
    "Taskify",
    "TaskifyTestkitError",
    "UnexpectedError",
    "taskify_samples",
]

_MODULES = {
    "Actor": "notification",
    "Addresses": "addresses",
    "Contract": "contract",
    "Event": "streams",
    "EventStream": "streams",
    "InvalidEventError": "errors",
    "NotStartedError": "errors",
    "Notification": "notification",
    "Person": "people",
    "Problem": "validation",
    "RequestRefusedError": "errors",
    "Sample": "samples",
    "SettingsError": "errors",
    "Taskify": "taskify",
    "TaskifyTestkitError": "errors",
    "UnexpectedError": "errors",
    "taskify_samples": "samples",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import what is asked for: pytest loads this package in every run of a project that has it installed."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"taskify_testkit.{_MODULES[name]}"), name)
