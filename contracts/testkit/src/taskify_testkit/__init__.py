"""Test a service against a real Taskify: a pytest plugin on containers.

What it does
    `plugin` gives the fixtures. `containers` starts PostgreSQL, RabbitMQ and Taskify once a session; `addresses` says
    where a Taskify is that runs already. `system` is the connection of the session to either, `taskify` what one test
    sees of it: `people` who have open windows, `streams` of events. `contract` judges an event before it is sent,
    `samples` are events of Taskify as released versions wrote them. `stopped` says where an event stopped on its way,
    out of what the `observer` heard at the broker.

Guarantees
    · Every wait has an end, and a failure says what was expected, what came, and where it stopped.
    · Only public ways are used: both HTTP APIs, the socket, the broker. What the observer hears changes no routing.
    · All input and output is in one thread with an event loop of its own. So a test may have any loop of asyncio, a new
      one each, or none.
    · Data about Taskify (JSON Schemas, samples, routing keys, rights) is generated from its contracts.

May import
    aio-pika, httpx, websockets, jsonschema, testcontainers, pytest; nothing of Taskify.
"""

from taskify_testkit.contract import Contract
from taskify_testkit.errors import (
    InvalidEventError,
    NotStartedError,
    RequestRefusedError,
    TaskifyTestkitError,
    UnexpectedError,
)
from taskify_testkit.notification import Actor, Notification
from taskify_testkit.people import Person
from taskify_testkit.samples import Sample, taskify_samples
from taskify_testkit.streams import Event, EventStream
from taskify_testkit.taskify import Taskify

__all__ = [
    "Actor",
    "Contract",
    "Event",
    "EventStream",
    "InvalidEventError",
    "NotStartedError",
    "Notification",
    "Person",
    "RequestRefusedError",
    "Sample",
    "Taskify",
    "TaskifyTestkitError",
    "UnexpectedError",
    "taskify_samples",
]
