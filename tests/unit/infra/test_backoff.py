from itertools import islice

from infra.backoff import full_jitter
from infra.broker import MessageNackedError, MessageUnroutableError
from infra.outbox.relay import Retries


def test_waits_are_random_below_a_bound_that_doubles_up_to_its_cap() -> None:
    runs = [list(islice(full_jitter(1.0, 8.0), 6)) for _ in range(300)]

    for waits in runs:
        assert all(0 <= wait <= bound for wait, bound in zip(waits, [1, 2, 4, 8, 8, 8], strict=True))
    longest = [max(column) for column in zip(*runs, strict=True)]
    assert longest[3] > 4
    assert min(waits[5] for waits in runs) < 1


def test_a_refused_row_waits_twice_as_long_each_time_and_no_longer_than_the_cap() -> None:
    retries = Retries(attempts=10, first_seconds=0.2, cap_seconds=1.0)

    waits = [retries.wait_seconds(attempts, MessageUnroutableError()) for attempts in (1, 2, 3, 4, 5, 30_000)]
    assert waits == [0.2, 0.4, 0.8, 1.0, 1.0, 1.0]


def test_a_row_waits_only_a_little_for_a_queue_that_was_full() -> None:
    retries = Retries(first_seconds=0.2, cap_seconds=60.0, nacked_cap_seconds=3.0)
    assert [retries.wait_seconds(attempts, MessageNackedError()) for attempts in (1, 4, 5, 30_000)] == [0.2, 1.6, 3, 3]
