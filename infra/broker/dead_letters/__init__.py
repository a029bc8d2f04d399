"""Dead letters, for a person to look at and deal with: `python -m infra.broker.dead_letters list|show|replay|drop`.

What it does
    `letter` knows what a dead letter says of itself, and makes the original message of it again. `queue` takes the
    letters that wait, and settles them. `output` writes them for people and for programs. The worker writes dead
    letters (`infra.consuming.dead_letters`), with the header names of `letter`.

Guarantees
    · Looking changes nothing: letters are taken without acknowledging them, and given back in their order.
    · A letter is acknowledged only after its message is confirmed where it was sent. A crash between the two leaves a
      letter whose message went: replayed again it is known by its event's id, and does nothing.
    · A replay goes the way of the original: same body, exchange, routing key and sender. What fails again comes back
      with its first failure and the number of all attempts.
    · One pass: letters that come back while others are replayed are left for the next time.

Bounds
    A thousand letters are taken, ten thousand at most; it is said when there may be more. While one command holds
    them, another sees none of them.

Errors
    infra.broker.BrokerAwayError    the broker does not answer; letters that were taken are back in the queue
    infra.errors.InfraError
    └── DeadLettersError            what the person has to know or to do
        └── MayNotReplayError       the operator's broker user may not send in the name of others

May import
    `contracts.topology` and the rest of `infra`.
"""

from infra.errors import InfraError


class DeadLettersError(InfraError):
    """Something that the operator has to know or to do."""


class MayNotReplayError(DeadLettersError):
    """The operator's broker user may not send in the name of others."""
