"""Pages are asked to go at the pace at which they go, never too many at once without need, and never too late."""

import pytest

from infra.lifecycle import GRACE_SECONDS
from ws_gateway.settings import GatewaySettings
from ws_gateway.sockets.drain import LAST_WORD_SECONDS, STEP_SECONDS, Drain, DrainLimits

LIMITS = DrainLimits(seconds=6, leaving_at_once=100)


def moments_of_asking(drain: Drain, *, gone_a_step: int) -> list[float]:
    """Let so many of those who were asked go in every step, and give when each page was asked."""
    now, leaving, remaining, moments = drain.began, 0, drain.windows, []
    while not drain.is_over(remaining, now):
        asked = drain.ask(leaving, now)
        moments += [now - drain.began] * asked
        gone = min(leaving + asked, gone_a_step)
        leaving += asked - gone
        remaining -= gone
        now += STEP_SECONDS
    return moments


def test_a_few_pages_are_asked_at_once() -> None:
    assert Drain(LIMITS, 40, began=1_000).ask(0, 1_000) == 40


def test_no_more_are_on_their_way_than_the_bound_while_there_is_time() -> None:
    drain = Drain(LIMITS, 1_000, began=1_000)

    assert drain.ask(0, 1_000) == 100
    assert drain.ask(100, 1_000.1) == 0
    assert drain.ask(70, 1_000.2) == 30


def test_who_goes_quickly_is_followed_quickly() -> None:
    moments = moments_of_asking(Drain(LIMITS, 1_000, began=1_000), gone_a_step=100)

    assert len(moments) == 1_000
    assert max(moments) == pytest.approx(9 * STEP_SECONDS)


@pytest.mark.parametrize("count", [150, 3_000, 12_000])
def test_all_are_asked_with_time_left_though_they_hardly_go(count: int) -> None:
    moments = moments_of_asking(Drain(LIMITS, count, began=1_000), gone_a_step=1)

    assert len(moments) == count
    assert max(moments) <= 0.6 * LIMITS.seconds + STEP_SECONDS
    for tenth in range(10):
        begins = tenth * 0.06 * LIMITS.seconds
        within = [moment for moment in moments if begins < moment <= begins + 0.06 * LIMITS.seconds]
        assert len(within) <= count * 0.15


def test_a_drain_is_over_when_all_have_gone() -> None:
    drain = Drain(LIMITS, 3, began=1_000)

    assert not drain.is_over(3, 1_000)
    assert drain.is_over(0, 1_000.1)


def test_without_pages_a_drain_is_over_at_once() -> None:
    assert Drain(LIMITS, 0, began=1_000).is_over(0, 1_000)


def test_a_drain_waits_as_long_as_pages_go_and_no_longer_than_its_time() -> None:
    drain = Drain(LIMITS, 10, began=1_000)
    assert drain.ask(0, 1_000) == 10

    assert not drain.is_over(9, 1_001.9)
    assert not drain.is_over(8, 1_003.8)
    assert not drain.is_over(7, 1_005.7)
    assert drain.is_over(6, 1_006)


def test_a_drain_is_over_early_when_those_asked_do_not_go() -> None:
    drain = Drain(LIMITS, 10, began=1_000)
    drain.ask(0, 1_000)

    assert not drain.is_over(10, 1_001.9)
    assert drain.is_over(10, 1_002)


def test_a_drain_is_not_over_while_somebody_was_not_asked() -> None:
    drain = Drain(LIMITS, 10_000, began=1_000)
    drain.ask(0, 1_000)

    assert not drain.is_over(10_000, 1_003)


def test_without_time_there_is_nothing_to_wait_for() -> None:
    assert Drain(DrainLimits(seconds=0, leaving_at_once=100), 3, began=1_000).is_over(3, 1_000)


def test_the_longest_drain_ends_before_the_process_is_out_of_time() -> None:
    (bound,) = (
        limit.le for limit in GatewaySettings.model_fields["socket_drain_seconds"].metadata if hasattr(limit, "le")
    )

    assert bound + LAST_WORD_SECONDS < GRACE_SECONDS
