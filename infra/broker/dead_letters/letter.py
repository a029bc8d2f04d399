"""What a dead letter says of itself. Its headers are written by the service that could not handle the message."""

from dataclasses import dataclass

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, HeadersType

REASON = "x-reason"
ERROR = "x-error"
QUEUE = "x-queue"
EXCHANGE = "x-exchange"
ROUTING_KEY = "x-routing-key"
USER_ID = "x-user-id"
FIRST_FAILED_AT = "x-first-failed-at"
LAST_FAILED_AT = "x-last-failed-at"
ATTEMPTS = "x-attempts"

_OF_THIS_FAILURE = {REASON, ERROR, QUEUE, EXCHANGE, ROUTING_KEY, USER_ID, LAST_FAILED_AT}
_HISTORY = {FIRST_FAILED_AT, ATTEMPTS}


@dataclass(frozen=True, slots=True)
class Letter:
    """`exchange`, `routing_key` and `sender` are the original message's; `attempts` is text, as the header has it."""

    id: str
    type: str
    reason: str
    error: str
    queue: str
    exchange: str
    routing_key: str
    sender: str
    attempts: str
    first_failed_at: str
    last_failed_at: str
    content_type: str
    headers: dict[str, str]
    """The original message's own headers."""
    body: bytes

    @classmethod
    def read(cls, message: AbstractIncomingMessage) -> "Letter":
        """Read a letter; what it does not say is empty."""
        said = {name: value for name, value in message.headers.items() if isinstance(value, str)}
        return cls(
            id=message.message_id or "",
            type=message.type or "",
            reason=said.get(REASON, ""),
            error=said.get(ERROR, ""),
            queue=said.get(QUEUE, ""),
            exchange=said.get(EXCHANGE, ""),
            routing_key=said.get(ROUTING_KEY, ""),
            sender=said.get(USER_ID, ""),
            attempts=said.get(ATTEMPTS, ""),
            first_failed_at=said.get(FIRST_FAILED_AT, ""),
            last_failed_at=said.get(LAST_FAILED_AT, ""),
            content_type=message.content_type or "",
            headers={name: value for name, value in said.items() if name not in _OF_THIS_FAILURE | _HISTORY},
            body=message.body,
        )

    @property
    def original(self) -> aio_pika.Message:
        """The message as it was sent, with the history of its failures, which the next failure goes on from."""
        history = {FIRST_FAILED_AT: self.first_failed_at, ATTEMPTS: self.attempts}
        headers: HeadersType = {**self.headers, **{name: value for name, value in history.items() if value}}
        return aio_pika.Message(
            self.body,
            headers=headers,
            content_type=self.content_type or None,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=self.id or None,
            type=self.type or None,
            user_id=self.sender or None,
        )
