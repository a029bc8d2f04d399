from itertools import islice

from infra.backoff import full_jitter
from infra.broker import MessageNackedError, MessageUnroutableError
from infra.outbox.relay import Retries
from infra.outbox.store import OutboxRow, Postponement


def test_waits_are_random_below_a_bound_that_doubles_up_to_its_cap() -> None:
    runs = [list(islice(full_jitter(1.0, 8.0), 6)) for _ in range(300)]

    for waits in runs:
        assert all(0 <= wait <= bound for wait, bound in zip(waits, [1, 2, 4, 8, 8, 8], strict=True))
    longest = [max(column) for column in zip(*runs, strict=True)]
    assert longest[3] > 4
    assert min(waits[5] for waits in runs) < 1


def row(*, attempts: int = 0, age_seconds: float = 0.0) -> OutboxRow:
    return OutboxRow(1, "message", "type", "text/plain", "key", "order", "body", attempts, age_seconds)


def test_a_refused_row_waits_twice_as_long_each_time_and_no_longer_than_the_cap() -> None:
    retries = Retries(attempts=10, first_seconds=0.2, cap_seconds=1.0)

    waits = [retries.after(row(attempts=before), MessageUnroutableError("why")) for before in range(5)]
    assert waits == [
        Postponement(attempts, seconds, "why") for attempts, seconds in enumerate([0.2, 0.4, 0.8, 1.0, 1.0], start=1)
    ]


def test_a_row_that_was_refused_often_enough_waits_no_more() -> None:
    retries = Retries(attempts=10)
    assert retries.after(row(attempts=8), MessageUnroutableError()) is not None
    assert retries.after(row(attempts=9), MessageUnroutableError()) is None


def test_a_nacked_row_waits_for_as_long_as_it_is_old_within_bounds_and_no_attempt_is_counted() -> None:
    retries = Retries(attempts=10, first_seconds=0.2, cap_seconds=60.0, nacked_cap_seconds=3.0)
    ages = {-5.0: 0.2, 0.01: 0.2, 0.5: 0.5, 2.0: 2.0, 4.0: 3.0, 86_400.0: 3.0}

    for attempts in (0, 9, 32_767):
        for age, seconds in ages.items():
            wait = retries.after(row(attempts=attempts, age_seconds=age), MessageNackedError("full"))
            assert wait == Postponement(attempts, seconds, "full")
