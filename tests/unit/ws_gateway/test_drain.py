"""Pages are asked to go one after the other, the more of them the longer, and never too late."""

import pytest

from infra.lifecycle import GRACE_SECONDS
from ws_gateway.settings import GatewaySettings
from ws_gateway.sockets.drain import LAST_WORD_SECONDS, DrainLimits, Schedule, schedule

LIMITS = DrainLimits(seconds=6, departures_a_second=400)


@pytest.mark.parametrize(("count", "last_ms"), [(1, 2), (40, 100), (400, 1_000), (1_200, 3_000)])
def test_the_time_grows_with_the_number_of_pages(count: int, last_ms: int) -> None:
    assert max(schedule(count, LIMITS).departures_ms) == last_ms


@pytest.mark.parametrize(
    ("count", "last_ms", "seconds"), [(1, 2, 2), (400, 1_000, 3), (1_800, 4_500, 6), (12_000, 4_500, 6)]
)
def test_the_last_page_has_time_to_join_elsewhere_within_the_whole(count: int, last_ms: int, seconds: float) -> None:
    planned = schedule(count, LIMITS)

    assert max(planned.departures_ms) == last_ms
    assert planned.seconds == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize("count", [10, 1_234, 12_000])
def test_no_tenth_of_the_time_has_more_than_its_share_of_departures(count: int) -> None:
    departures = schedule(count, LIMITS).departures_ms
    tenth = max(departures) / 10

    assert len(departures) == count
    for part in range(10):
        within = [moment for moment in departures if part * tenth < moment <= (part + 1) * tenth]
        assert abs(len(within) - count / 10) <= max(1, count * 0.01)


def test_without_pages_or_without_time_there_is_nothing_to_spread() -> None:
    assert schedule(0, LIMITS).departures_ms == ()
    assert schedule(3, DrainLimits(seconds=0, departures_a_second=400)) == Schedule((0, 0, 0), 0)


def test_the_longest_drain_ends_before_the_process_is_out_of_time() -> None:
    (bound,) = (
        limit.le for limit in GatewaySettings.model_fields["socket_drain_seconds"].metadata if hasattr(limit, "le")
    )

    assert bound + LAST_WORD_SECONDS < GRACE_SECONDS
