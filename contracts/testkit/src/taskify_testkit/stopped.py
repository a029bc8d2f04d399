"""Say where an event stopped on its way to a person, out of what was heard at the broker and what the APIs say."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from taskify_testkit.contract import Contract, listed
from taskify_testkit.facts import Json, broker, schema
from taskify_testkit.notification import Notification
from taskify_testkit.observer import Heard, Where
from taskify_testkit.validation import quoted

SHOWN = 10
"""How many events a failure tells of; the latest."""

_FOREIGN_SOURCE = "foreign_source"
_NOT_JUDGED = "the broker has it; the worker, which would refuse it, has not judged it yet"
_NOT_TOLD = "the broker has it, and no rule holds it back: the worker has not told it yet"
_SAID_CHARACTERS = 500

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
    `frequencies` is how the person wants to be told of which kind, where not instantly; `inbox` what the person has,
    the newest first; `taken` are the ids of what `next_notification` took; `waiting` and `workers` are of the queue of
    requests.
    """

    contract: Contract
    person_id: str
    person_name: str
    kind: str | None
    heard: Sequence[Heard]
    earlier: Sequence[Heard]
    known: dict[str, str]
    frequencies: Mapping[str, str]
    inbox: Sequence[Notification]
    taken: Collection[str]
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
    return [each for each in heard if each.where is not Where.DEAD and sender(each) in (service, None)]


def sender(heard: Heard) -> str | None:
    """Give the service that has sent a message, if it or its routing key says so."""
    first, _, rest = heard.routing_key.partition(".")
    return heard.user_id or (first if rest == broker().request_routing_key else None)


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
            f"'{broker().events_exchange}', and its confirm awaited, or did the broker refuse it? "
            "Has the relay of an outbox run?"
        )
    lines = [f"sent      {len(sent)} event{'s' * (len(sent) > 1)} by {service} since the test began"]
    lines += [f"          the latest {SHOWN} are:"] * (len(sent) > SHOWN)
    for number, heard in enumerate(sent[-SHOWN:], start=1):
        lines.append(f"          {number}. {named(heard)}")
        lines += [f"             {line}" for line in _became(heard, seen)]
    return "\n".join(lines)


def is_undecided(where: str) -> bool:
    """Say whether the worker, by the lines of a failure, has still to judge something."""
    return _NOT_JUDGED in where or _NOT_TOLD in where


def named(heard: Heard) -> str:
    """Give what a message is recognized by."""
    event = heard.event
    if not event:
        return f"a body that is no object of JSON, sent with {heard.routing_key!r}"
    words = [f"{name} {quoted(event[name])}" for name in ("id", "source") if name in event]
    type_ = event.get("type")
    what = quoted(type_)[1:-1] if isinstance(type_, str) else "no CloudEvent"
    return ", ".join([what, *words, f"sent with {heard.routing_key!r}"])


def _became(heard: Heard, seen: Circumstances) -> Iterator[str]:
    facts = broker()
    if heard.where is Where.UNROUTED:
        yield f"stopped at the broker: nobody listens to {heard.routing_key!r}, no queue is bound for it"
        yield f"-> send it with {facts.request_routing_key!r} to have people told"
        return
    letter = next((each for each in seen.heard if each.where is Where.DEAD and each.body == heard.body), None)
    if letter is not None:
        reason = letter.headers.get("x-reason")
        yield f"stopped at the worker: a dead letter, reason '{reason}'"
        yield f"the worker says: {letter.headers.get('x-error', '')[:_SAID_CHARACTERS]}"
        if reason == _FOREIGN_SOURCE and sender(heard) is None:
            service = seen.contract.service
            yield f"-> user_id is not set: set it to {service!r}, or send with '{service}.{facts.request_routing_key}'"
        yield from (f"-> {line}" for line in listed(seen.contract.problems(heard.body)))
        return
    refusals = seen.contract.refusals(heard.body)
    if refusals:
        yield _NOT_JUDGED
        yield from (f"-> {line}" for line in listed(refusals))
        return
    yield from _of_a_request(heard, seen)


def _of_a_request(heard: Heard, seen: Circumstances) -> Iterator[str]:
    """Explain an event that is valid."""
    kind = heard.event["data"]["kind"]
    recipients = _recipients(heard)
    unknown = [each for each in recipients if each not in seen.known]
    others = [f"{seen.known[each]} ({each})" for each in recipients if each in seen.known and each != seen.person_id]
    if _came_before(heard, seen):
        yield "stopped at the worker: an event with this source and id came before, and people are told once"
    elif seen.waiting and not seen.workers:
        yield f"waits in '{broker().request_queue}': no worker takes from it"
    elif seen.person_id not in recipients:
        if unknown:
            yield f"stopped at the worker: unknown recipient{'s' * (len(unknown) > 1)} {_few(unknown)}"
            yield f"-> no person of Taskify has such an id; {seen.person_name} is {seen.person_id}"
        if others:
            yield f"told somebody else: {_few(others)}"
    elif (told := _told(heard, seen)) is not None:
        if told.id in seen.taken:
            yield "told: an earlier `next_notification` took it"
        elif seen.kind not in (None, kind):
            yield f"told under another kind: {kind!r}"
        else:
            yield f"it is in the inbox of {seen.person_name}, and was not pushed to a window: {seen.window}"
    elif (frequency := seen.frequencies.get(kind, "instant")) != "instant":
        yield f"held back by the rule 'preference': {seen.person_name} wants {kind!r} '{frequency}'"
    else:
        yield _NOT_TOLD
        yield f"-> {seen.waiting} messages wait in '{broker().request_queue}', {seen.workers} workers take from it"


def _recipients(heard: Heard) -> list[str]:
    data = heard.event.get("data")
    named = data.get("recipients") if isinstance(data, dict) else None
    return list(dict.fromkeys(str(each).lower() for each in named)) if isinstance(named, list) else []


def _says(heard: Heard) -> tuple[object, object]:
    data = heard.event.get("data")
    return (data.get("kind"), data.get("message")) if isinstance(data, dict) else (None, None)


def _refused(seen: Circumstances) -> set[bytes]:
    return {each.body for each in (*seen.earlier, *seen.heard) if each.where is Where.DEAD}


def _came_before(heard: Heard, seen: Circumstances) -> bool:
    """Say whether the worker had applied an event of this name; it knows none that it has refused."""
    refused = _refused(seen)
    before = (*seen.earlier, *(each for each in seen.heard if each.number < heard.number))
    return any(each.where is Where.ROUTED and each.name == heard.name and each.body not in refused for each in before)


def _told(heard: Heard, seen: Circumstances) -> Notification | None:
    """Give what the person was told by this event: of events that say the same, the first was told first."""
    told = [
        each for each in reversed(seen.inbox) if (each.kind, each.message) == _says(heard) for _ in range(each.count)
    ]
    if not told:
        return None
    refused = _refused(seen)
    before = {
        each.name
        for each in seen.heard
        if each.where is Where.ROUTED
        and each.number < heard.number
        and each.body not in refused
        and _says(each) == _says(heard)
        and seen.person_id in _recipients(each)
    }
    return told[len(before)] if len(before) < len(told) else None


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


def _few(names: Sequence[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
