"""Say where an event stopped on its way to a person, out of what was heard at the broker and what the APIs say."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from taskify_testkit.contract import Contract
from taskify_testkit.facts import MARKER_SENDER, Json, broker, schema
from taskify_testkit.notification import Notification
from taskify_testkit.observer import Heard, Where

SHOWN = 10
"""How many events a failure tells of; the latest."""

_OUTCOMES = {
    "own_action": "nobody is told of what they did themselves",
    "muted": "this person has muted the task",
    "preference": "this person has turned this type off",
    "waits_for_digest": "it waits for this person's next digest",
    "not_watching": "this person did not watch the task",
    "not_the_assignee": "of an assignment only the assignee is told",
    "withdrawn": "the status came back within a minute, and both changes are untold",
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """`heard` is of this test, `earlier` of those before it. `known` are the names of all people by id.

    `judged` is what became of task events for this person.
    `frequency` is how the person wants to be told of the kind; `inbox` what the person has; `waiting` and `workers` are
    of the queue of requests.
    """

    contract: Contract
    person_id: str
    person_name: str
    kind: str | None
    heard: Sequence[Heard]
    earlier: Sequence[Heard]
    known: dict[str, str]
    frequency: str
    inbox: Sequence[Notification]
    window: str
    judged: Sequence[Json]
    waiting: int
    workers: int


def own_kinds() -> list[str]:
    """Give the kinds that are Taskify's own."""
    data = schema(broker().request_type)["$defs"]["NotificationRequestedData"]
    kinds: list[str] = data["properties"]["kind"]["not"]["enum"]
    return kinds


def sent_by(service: str, heard: Sequence[Heard]) -> list[Heard]:
    """Give what a service has sent; also what nobody says who sent it."""
    return [each for each in heard if each.where is not Where.DEAD and _sender(each) in (service, None)]


def _sender(heard: Heard) -> str | None:
    named, _, rest = heard.routing_key.partition(".")
    return heard.user_id or (named if rest == broker().request_routing_key else None)


def where_it_stopped(seen: Circumstances) -> str:
    """Give the lines of a failure that say what was sent, and what became of each."""
    if seen.kind in own_kinds():
        return "\n".join(_of_tasks(seen))
    service = seen.contract.service
    sent = sent_by(service, seen.heard)
    if not sent:
        return (
            f"sent      nothing: the broker has had no event of {service} since the test began.\n"
            "          -> Was it published to the exchange "
            f"'{broker().events_exchange}', and its confirm awaited? Has the relay of an outbox run?"
        )
    lines = [f"sent      {len(sent)} event{'s' * (len(sent) > 1)} by {service} since the test began"]
    lines += [f"          the latest {SHOWN} are:"] * (len(sent) > SHOWN)
    for number, heard in enumerate(sent[-SHOWN:], start=1):
        event = _envelope(heard.body)
        named = ", ".join(f"{name} {event[name]!r}" for name in ("id", "source") if name in event)
        lines.append(
            f"          {number}. {event.get('type', 'no CloudEvent')}, {named}, sent with {heard.routing_key!r}"
        )
        lines += [f"             {line}" for line in _became(heard, event, seen)]
    return "\n".join(lines)


def _became(heard: Heard, event: Json, seen: Circumstances) -> Iterator[str]:
    facts = broker()
    if heard.where is Where.UNROUTED:
        yield f"stopped at the broker: nobody listens to {heard.routing_key!r}, no queue is bound for it"
        yield f"-> send it with {facts.request_routing_key!r} to have people told"
        return
    letter = next((each for each in seen.heard if each.where is Where.DEAD and each.body == heard.body), None)
    if letter is not None:
        yield f"stopped at the worker: a dead letter, reason '{letter.headers.get('x-reason')}'"
        yield f"the worker says: {letter.headers.get('x-error')}"
        yield from (f"-> {problem}" for problem in seen.contract.problems(heard.body))
        return
    yield from _of_a_request(event, heard, seen)


def _of_a_request(event: Json, heard: Heard, seen: Circumstances) -> Iterator[str]:
    data = event.get("data", {})
    recipients: list[str] = data.get("recipients", [])
    unknown = [each for each in recipients if each not in seen.known]
    others = [f"{seen.known[each]} ({each})" for each in recipients if each in seen.known and each != seen.person_id]
    kind = data.get("kind")
    before = (*seen.earlier, *(each for each in seen.heard if each.number < heard.number))
    if any(each.where is Where.ROUTED and _name(each) == _name(heard) for each in before):
        yield "stopped at the worker: an event with this source and id came before, and people are told once"
    elif seen.waiting and not seen.workers:
        yield f"waits in '{broker().request_queue}': no worker takes from it"
    elif seen.person_id not in recipients:
        if unknown:
            yield f"stopped at the worker: unknown recipient{'s' * (len(unknown) > 1)} {_few(unknown)}"
            yield f"-> no person of Taskify has such an id; {seen.person_name} is {seen.person_id}"
        if others:
            yield f"told somebody else: {_few(others)}"
    elif seen.kind is not None and kind != seen.kind:
        yield f"told under another kind: {kind!r}"
    elif seen.frequency != "instant":
        yield f"held back by the rule 'preference': {seen.person_name} wants {kind!r} '{seen.frequency}'"
    elif any(each.kind == kind and each.message == data.get("message") for each in seen.inbox):
        yield f"it is in the inbox of {seen.person_name}, and was not pushed to a window: {seen.window}"
    else:
        yield "the broker has it, and no rule holds it back: the worker has not told it yet"
        yield f"-> {seen.waiting} messages wait in '{broker().request_queue}', {seen.workers} workers take from it"


def _of_tasks(seen: Circumstances) -> Iterator[str]:
    if not seen.judged:
        yield "sent      nothing: Taskify has sent no event of a task since the test began that tells people"
        return
    yield f"sent      {len(seen.judged)} event{'s' * (len(seen.judged) > 1)} of tasks since the test began"
    for number, judged in enumerate(seen.judged[-SHOWN:], start=1):
        outcome = judged["outcome"]
        yield f"          {number}. {judged['event']['type']}, id {judged['event']['id']!r}"
        if outcome == "told":
            yield "             told: it was taken by an earlier `next_notification`, or stands for several events"
        else:
            yield f"             held back by the rule '{outcome}': {_OUTCOMES.get(outcome, 'see why-not')}"


def is_marker(heard: Heard) -> bool:
    """Say whether this is the test kit's own."""
    return _sender(heard) == MARKER_SENDER


def _envelope(body: bytes) -> Json:
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _name(heard: Heard) -> tuple[object, object]:
    event = _envelope(heard.body)
    return event.get("source"), event.get("id")


def _few(names: Sequence[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
