"""Whether a message is sent as its service and Taskify have agreed: its properties, which no worker looks at."""

from collections.abc import Iterator, Sequence

from taskify_testkit.contract import Contract, listed
from taskify_testkit.facts import broker
from taskify_testkit.observer import Heard, Where
from taskify_testkit.stopped import SHOWN, named, sender, sent_by
from taskify_testkit.validation import quoted


def not_as_agreed(contract: Contract, heard: Sequence[Heard]) -> list[str]:
    """Give the lines of a failure about what a service has sent to have people told; nothing if all is well."""
    requests = [each for each in sent_by(contract.service, heard) if each.where is Where.ROUTED]
    if not requests:
        return [f"{contract.service} has sent no event to have people told"]
    wrong = [
        (each, lines) for each in requests if (lines := [*_properties(each), *listed(contract.problems(each.body))])
    ]
    told = [line for each, lines in wrong[:SHOWN] for line in (named(each), *(f"   -> {line}" for line in lines))]
    return [*told, *([f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else [])]


def _properties(heard: Heard) -> Iterator[str]:
    facts, event = broker(), heard.event
    if not heard.persistent:
        yield "it is not persistent, and is lost when the broker restarts: set delivery_mode to 2"
    for name, given, wanted in (
        ("content_type", heard.content_type, facts.content_type),
        ("type", heard.type, event.get("type")),
        ("message_id", heard.message_id, event.get("id")),
    ):
        if given != wanted:
            yield f"{name} is {quoted(given)}: set it to {quoted(wanted)}"
    if sender(heard) is None:
        yield "user_id is not set: set it to the name of your broker user"
