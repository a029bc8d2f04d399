"""Which lanes a worker should have."""

from collections.abc import Sequence
from uuid import UUID

from contracts.topology import TASK_LANES, WORKER_REQUESTS, WORKER_USER_EVENTS, task_events_queue

LANES = (*(task_events_queue(lane) for lane in range(TASK_LANES)), WORKER_USER_EVENTS)
"""The queues that deliver to one consumer at a time, in their order."""

COMPETING = WORKER_REQUESTS
"""The queue that every worker consumes from."""


def share(worker_id: UUID, alive: Sequence[UUID]) -> frozenset[str]:
    """Give the queues that a worker should have at once, of all that run; alone it should have all."""
    number = alive.index(worker_id)
    own = {queue for lane, queue in enumerate(LANES) if lane % len(alive) == number}
    return frozenset(own | {COMPETING})
