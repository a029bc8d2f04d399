"""Broker in: the answers of the services that hold data about people, and the question of an export itself.

What it does
    One queue, `task-service.user-events`. `intake` takes a message, reads it (`reading`), has a command apply it, and
    acknowledges. It runs in the process of the relay: both talk to the broker, and the API does not. `draining` puts a
    mark behind what lies in the queue, and waits until it is reached.

Guarantees
    Each event is applied in one transaction, and acknowledged after the commit. Applying one again changes nothing, so
    nothing else has to remember which were applied. A database that is away is waited for, with the messages behind
    it; what cannot be applied becomes a dead letter and holds nothing up.

Lifecycle
    `infra.consuming.single_queue.SingleQueue` keeps the queue attached. Of several processes one gets the messages.

May import
    commands, contracts, infra; no settings.
"""
