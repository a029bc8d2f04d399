"""What processes agree on: everything that crosses a process boundary, as typed models.

What it does
    `envelope` and `events` are the domain events, `deliveries` what the notification worker hands to the gateways,
    `socket` the frames and close codes between a gateway and a page, `problems` the errors of both APIs, `topology`
    the exchanges, queues and rights of the broker. `schemas` is generated from them (`python -m contracts.generate`).

Guarantees
    Producers are strict and consumers tolerant: a model refuses unknown fields when it is built, and ignores them
    when it is read with `parse`. A compatible change keeps a type's name, a breaking one gets the next version.

May import
    pydantic and the standard library, nothing else.
"""
