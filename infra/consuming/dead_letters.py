"""What nobody can handle, published with its reason for a person to look at."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from uuid_utils.compat import uuid7

from contracts.model import rfc3339
from contracts.topology import DEAD_LETTERS
from infra.backoff import full_jitter
from infra.broker import BrokerAwayError, MessageNotEncodableError, MessageRefusedError
from infra.broker.dead_letters import letter
from infra.broker.link import PublisherLink
from infra.consuming.received import Received
from infra.telemetry.logging import get_logger
from infra.telemetry.traceparent import harmless_id, traceparent_in, under

_PAUSE_SECONDS = 0.1
_PAUSE_CAP_SECONDS = 5.0

_ATTEMPTS_DIGITS = 9
"""Whoever sends a message can write this header; Python refuses to read a number of thousands of digits."""

_LONGEST = 40
"""Characters of a header that the history of a letter is read from; longer, it was not written by us."""

_LONGEST_ERROR = 500
"""Characters of what is told of a failure; with all else that we say it fits the smallest frame that AMQP allows."""

_REPEATING = frozenset({"unknown_event_type", "unexpected_event_type"})
"""Reasons whose explanation repeats a word of the sender; it is kept in the letter, and stays out of the log."""

log = get_logger("dead_letters")


@dataclass(frozen=True, slots=True)
class Failure:
    """`error` is for people, and repeats nothing of the message's content, which may be personal."""

    reason: str
    error: str
    attempts: int
    first_failed_at: datetime


@dataclass(frozen=True, slots=True)
class _Letter:
    message_id: str
    type: str
    content_type: str
    body: bytes
    routing_key: str


class DeadLetters:
    """`service` is the broker user who could not handle the messages."""

    def __init__(self, link: PublisherLink, service: str) -> None:
        self._link = link
        self._service = service
        # Two messages in flight with one id would be taken for each other, and what is sent to us may repeat an id.
        self._one_by_one = asyncio.Lock()

    async def take(self, received: Received, failure: Failure) -> bool:
        """Publish a message to the dead letters; say whether it was confirmed.

        As long as the broker will not have it, it is tried again: a message without a home keeps its place in its
        queue. The sender's headers are left behind when they and ours do not fit one frame together. False is for a
        message whose channel is gone; it will come again.
        """
        with under(traceparent_in(received.body)):
            return await self._publish(received, failure)

    async def _publish(self, received: Received, failure: Failure) -> bool:
        message, queue = received.message, received.queue
        addressed = _Letter(
            message.message_id or str(uuid7()),
            message.type or "",
            message.content_type or "",
            message.body,
            self._service,
        )
        kept = _texts(received)
        pauses = full_jitter(_PAUSE_SECONDS, _PAUSE_CAP_SECONDS)
        while not received.is_gone:
            try:
                async with self._one_by_one:
                    await self._link.publish(DEAD_LETTERS, addressed, headers=_headers(received, failure, kept))
            except (BrokerAwayError, MessageRefusedError) as error:
                log.warning("dead_letter_waits", queue=queue, reason=failure.reason, error=str(error))
                if isinstance(error, MessageNotEncodableError):
                    kept = _history(kept)
                await asyncio.sleep(next(pauses))
            else:
                log.error(
                    "dead_lettered",
                    queue=queue,
                    reason=failure.reason,
                    error=None if failure.reason in _REPEATING else failure.error,
                    message_id=harmless_id(addressed.message_id),
                )
                return True
        return False


def _texts(received: Received) -> dict[str, str]:
    return {name: value for name, value in received.message.headers.items() if isinstance(value, str)}


def _history(kept: Mapping[str, str]) -> dict[str, str]:
    return {
        name: kept[name]
        for name in (letter.FIRST_FAILED_AT, letter.ATTEMPTS)
        if 0 < len(kept.get(name, "")) <= _LONGEST
    }


def _headers(received: Received, failure: Failure, kept: Mapping[str, str]) -> dict[str, str]:
    """Keep the headers that are text, and say what happened.

    The letter is sent by us, so who sent the original stands in a header. What was dead-lettered before and replayed
    keeps its first failure, and the number of attempts goes on.
    """
    message = received.message
    earlier = kept.get(letter.ATTEMPTS, "0")[:_ATTEMPTS_DIGITS]
    return {
        **kept,
        letter.REASON: failure.reason,
        letter.ERROR: failure.error[:_LONGEST_ERROR],
        letter.QUEUE: received.queue,
        letter.EXCHANGE: message.exchange or "",
        letter.ROUTING_KEY: message.routing_key or "",
        letter.USER_ID: message.user_id or "",
        letter.FIRST_FAILED_AT: kept.get(letter.FIRST_FAILED_AT, rfc3339(failure.first_failed_at)),
        letter.LAST_FAILED_AT: rfc3339(datetime.now(UTC)),
        letter.ATTEMPTS: str(failure.attempts + (int(earlier) if earlier.isdecimal() else 0)),
    }
