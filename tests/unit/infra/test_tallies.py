"""Plain numbers, and what Prometheus sees of them."""

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from infra.metrics.families import counter_by, gauge, histogram
from infra.metrics.registry import metrics_page, process_registry
from infra.metrics.tallies import Distribution


def page_of(*families: Metric) -> str:
    class Shown:
        def collect(self) -> list[Metric]:
            return list(families)

    registry = CollectorRegistry()
    registry.register(Shown())
    return metrics_page(registry).decode()


def test_a_value_counts_under_the_first_bound_that_it_does_not_exceed() -> None:
    seconds = Distribution((0.1, 1.0))
    for value in (0.0, 0.1, 0.11, 1.0, 1.01, 500.0):
        seconds.observe(value)
    seconds.observe(-3.0)

    assert seconds.counts == [3, 2, 2]
    assert seconds.total == pytest.approx(502.22)
    assert page_of(histogram("a_seconds", "A", seconds)) == (
        "# HELP a_seconds A\n"
        "# TYPE a_seconds histogram\n"
        'a_seconds_bucket{le="0.1"} 3.0\n'
        'a_seconds_bucket{le="1.0"} 5.0\n'
        'a_seconds_bucket{le="+Inf"} 7.0\n'
        "a_seconds_count 7.0\n"
        f"a_seconds_sum {seconds.total}\n"
    )


@pytest.mark.parametrize(
    "values", [(), (0.3,), (0.1, 0.1), (0.2, 0.9, 1.0), (0.0, 0.05, 0.5, 7.0), (-1.0, 0.05), (-3.0, -2.0), (2.0, 90.0)]
)
def test_values_counted_together_count_as_each_by_itself(values: tuple[float, ...]) -> None:
    together, each = Distribution((0.1, 1.0)), Distribution((0.1, 1.0))
    together.observe_all(values)
    for value in values:
        each.observe(value)

    assert together.counts == each.counts
    assert together.total == pytest.approx(each.total)


def test_a_number_that_is_not_known_is_described_and_has_no_sample() -> None:
    assert page_of(gauge("a_rows", "A", None)) == "# HELP a_rows A\n# TYPE a_rows gauge\n"
    assert page_of(gauge("a_rows", "A", 0)).endswith("a_rows 0.0\n")


def test_a_count_that_is_still_zero_shows() -> None:
    assert 'a_total{how="well"} 0.0' in page_of(counter_by("a_total", "A", ("how",), {"well": 0}))


def test_two_metrics_of_one_name_are_a_mistake_that_shows_at_once() -> None:
    class Twice:
        def collect(self) -> list[Metric]:
            return [gauge("a_rows", "A", 1)]

    registry = process_registry()
    registry.register(Twice())
    with pytest.raises(ValueError, match="a_rows"):
        registry.register(Twice())
