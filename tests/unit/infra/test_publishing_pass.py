"""One pass of the relay over some rows, with a broker that does what the test says."""

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.broker import BrokerAwayError, MessageUnroutableError
from infra.outbox.publishing import Ordering, PublishingPass
from infra.outbox.store import OutboxRow


def rows_of(keys: str) -> list[OutboxRow]:
    """Give one row for each letter, which is its key."""
    return [OutboxRow(number, f"m{number}", "t", "t", "r", key, "", 0, 0.0) for number, key in enumerate(keys, 1)]


class ScriptedBroker:
    """Confirms each row after some turns of the event loop, unless it has an error for it."""

    def __init__(self, errors: Mapping[int, Exception] | None = None, turns: Mapping[int, int] | None = None) -> None:
        self._errors = dict(errors or {})
        self._turns = dict(turns or {})
        self.sent: list[int] = []
        self.in_flight: list[OutboxRow] = []
        self.most_in_flight = 0

    async def publish(self, row: OutboxRow) -> None:
        assert row.order_key not in [other.order_key for other in self.in_flight] or self.strict
        self.sent.append(row.id)
        self.in_flight.append(row)
        self.most_in_flight = max(self.most_in_flight, len(self.in_flight))
        for _ in range(self._turns.get(row.id, 1)):
            await asyncio.sleep(0)
        self.in_flight.remove(row)
        if row.id in self._errors:
            raise self._errors[row.id]

    strict = False


async def run(
    keys: str, ordering: Ordering, broker: ScriptedBroker, *, in_flight: int = 200, most: int = 1_000
) -> PublishingPass:
    broker.strict = ordering is Ordering.STRICT
    current = PublishingPass(rows_of(keys), ordering, broker.publish, lambda: len(broker.sent) < most)
    await current.run(in_flight)
    return current


async def test_a_key_has_one_row_in_flight_and_the_next_follows_its_confirm() -> None:
    broker = ScriptedBroker(turns={1: 10})

    current = await run("aabbb", Ordering.PER_KEY, broker)

    # The rows of b do not wait for the slow first row of a.
    assert broker.sent == [1, 3, 4, 5, 2]
    assert current.done == [1, 2, 3, 4, 5]


async def test_rows_behind_a_refused_one_of_their_key_are_left_for_a_later_pass() -> None:
    refusal = MessageUnroutableError("no queue")
    broker = ScriptedBroker(errors={1: refusal})

    current = await run("abab", Ordering.PER_KEY, broker)

    assert broker.sent == [1, 2, 4]
    assert current.done == [2, 4]
    assert [(row.id, error) for row, error in current.refused] == [(1, refusal)]


async def test_nothing_more_is_sent_when_the_broker_is_away_and_what_was_confirmed_counts() -> None:
    broker = ScriptedBroker(errors={2: BrokerAwayError("gone")}, turns={1: 1, 2: 1, 3: 5})

    current = await run("abcdef", Ordering.PER_KEY, broker, in_flight=3)

    assert isinstance(current.away, BrokerAwayError)
    assert 1 in current.done
    assert 2 not in current.done
    assert 6 not in broker.sent
    assert current.refused == []


async def test_strict_order_sends_many_at_once_in_the_order_of_their_ids() -> None:
    broker = ScriptedBroker(turns={number: 11 - number for number in range(1, 11)})

    current = await run("aaaaaaaaaa", Ordering.STRICT, broker, in_flight=4)

    assert broker.sent == sorted(broker.sent)
    assert broker.most_in_flight == 4
    assert current.done == list(range(1, 11))


async def test_in_strict_order_what_was_confirmed_behind_a_failure_goes_again() -> None:
    broker = ScriptedBroker(errors={2: MessageUnroutableError("no queue"), 4: MessageUnroutableError("no queue")})

    current = await run("abcde", Ordering.STRICT, broker)

    assert current.done == [1]
    assert [row.id for row, _ in current.refused] == [2]


@pytest.mark.parametrize("ordering", list(Ordering))
async def test_a_pass_that_may_not_go_on_finishes_only_what_is_in_flight(ordering: Ordering) -> None:
    broker = ScriptedBroker()

    current = await run("abcdef", ordering, broker, in_flight=2, most=3)

    assert broker.sent == [1, 2, 3]
    assert current.done == [1, 2, 3]


@given(
    keys=st.text("abc", min_size=1, max_size=30),
    ordering=st.sampled_from(Ordering),
    in_flight=st.integers(1, 10),
    bad=st.sets(st.integers(1, 30), max_size=5),
    turns=st.dictionaries(st.integers(1, 30), st.integers(1, 9)),
)
async def test_what_is_done_never_lies_behind_something_undone_that_it_must_follow(
    keys: str, ordering: Ordering, in_flight: int, bad: set[int], turns: dict[int, int]
) -> None:
    broker = ScriptedBroker({number: MessageUnroutableError("no queue") for number in bad}, turns)

    current = await run(keys, ordering, broker, in_flight=in_flight)

    done = set(current.done)
    assert broker.most_in_flight <= in_flight
    for row in rows_of(keys):
        before = [
            other.id
            for other in rows_of(keys)
            if other.id < row.id and (ordering is Ordering.STRICT or other.order_key == row.order_key)
        ]
        if row.id in done:
            assert done.issuperset(before)
            assert row.id not in bad
