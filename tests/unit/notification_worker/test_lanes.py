from uuid import UUID

import pytest

from contracts.topology import NOTIFICATION_WORKER, QUEUES, WORKER_REQUESTS
from notification_worker.consumers.lanes import COMPETING, LANES, share

WORKERS = [UUID(int=number) for number in range(12)]


@pytest.mark.parametrize("count", [1, 2, 3, 9, 12])
def test_every_lane_belongs_to_exactly_one_worker(count: int) -> None:
    alive = WORKERS[:count]
    shares = [share(worker, alive) - {COMPETING} for worker in alive]
    assert sorted(queue for own in shares for queue in own) == sorted(LANES)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_every_worker_competes_for_requests() -> None:
    assert all(WORKER_REQUESTS in share(worker, WORKERS) for worker in WORKERS)


def test_the_lanes_are_the_queues_with_a_single_active_consumer() -> None:
    assert set(LANES) == {
        queue.name
        for queue in QUEUES
        if queue.arguments.get("x-single-active-consumer") and queue.name.startswith(f"{NOTIFICATION_WORKER}.")
    }
