"""How a process reaches RabbitMQ. The topology is `contracts.topology`; services declare nothing.

What it does
    `connection` opens a plain connection to the first address that answers. `publisher` sends confirmed messages over
    one: `frames` encodes them, `confirms` sends those of one turn of the event loop together and waits for the answers.
    `link` keeps a publisher open for as long as a process runs. `strangers` lets the client library read whatever
    properties and headers a message comes with. `definitions` writes the topology for the broker.

Guarantees
    A publish returns after the broker has taken responsibility: the message is persistent, was routed to a queue, and
    every quorum queue it went to has it on disk. When it raises, the message may still have arrived: whoever sends it
    again makes at worst a duplicate. Every wait has a bound. No property or header of a message ends a connection that
    is made here, or in `infra.consuming`.

Errors
    infra.errors.UnavailableError
    └── BrokerAwayError               says nothing of any message: try again later
        ├── BrokerBlockedError        it is there, and takes no messages: it is short of memory or disk
        └── MessagesSuspectedError    one of several messages in flight made the broker close the channel
    infra.errors.InfraError
    └── MessageRefusedError           the broker will not have this message
        ├── MessageUnroutableError    no queue is bound for it
        ├── MessageForbiddenError     its routing key or its size is not allowed, or it cannot be encoded
        │   └── MessageNotEncodableError   a text of it, or all its headers together, are too long for AMQP
        └── MessageNackedError        a queue is at its limit or in trouble; says nothing against the message itself

Lifecycle
    `PublisherLink.run` is a service of `infra.lifecycle`: it connects, connects again with backoff after every loss,
    and closes at the stop. A connection is never repaired, always replaced.

May import
    `contracts.topology` and the rest of `infra`.
"""

from infra.errors import InfraError, UnavailableError


class BrokerAwayError(UnavailableError):
    """The broker, or the way to it, is in trouble; nothing is known of the message."""


class BrokerBlockedError(BrokerAwayError):
    """The broker takes no messages now, because it is short of memory or disk."""


class MessagesSuspectedError(BrokerAwayError):
    """The broker closed the channel because of one of the messages in flight; sent one by one, it shows itself."""


class MessageRefusedError(InfraError):
    """The broker will not have this message."""


class MessageUnroutableError(MessageRefusedError):
    """No queue is bound for the message."""


class MessageForbiddenError(MessageRefusedError):
    """The sender may not send this message, or it is no message that AMQP can carry."""


class MessageNotEncodableError(MessageForbiddenError):
    """AMQP cannot carry the message as it is; nothing was sent."""


class MessageNackedError(MessageRefusedError):
    """A queue did not take the message: it is at its limit, or in trouble."""
