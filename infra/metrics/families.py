"""Numbers with their names: what a collector gives when it is asked."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from infra.metrics.tallies import Distribution

OTHER = "other"
"""The value of a label for all that is not in its closed set."""


def gauge(name: str, meaning: str, value: float | None) -> Metric:
    """Describe a number that goes up and down; None is for one that is not known now, and shows none."""
    family = GaugeMetricFamily(name, meaning)
    if value is not None:
        family.add_metric((), value)
    return family


def gauge_by(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    """Describe numbers that go up and down, each with its value of the label."""
    family = GaugeMetricFamily(name, meaning, labels=(label,))
    for each, value in values.items():
        family.add_metric((each,), value)
    return family


def counter(name: str, meaning: str, count: int) -> Metric:
    """Describe a count since the process began."""
    return CounterMetricFamily(name, meaning, value=count)


def counter_by(
    name: str, meaning: str, labels: Sequence[str], counts: Mapping[str, int] | Mapping[tuple[str, ...], int]
) -> Metric:
    """Describe counts, each with its values of the labels."""
    family = CounterMetricFamily(name, meaning, labels=labels)
    for values, count in counts.items():
        family.add_metric((values,) if isinstance(values, str) else values, count)
    return family


def histogram(name: str, meaning: str, distribution: Distribution) -> Metric:
    """Describe a distribution."""
    return histogram_by(name, meaning, (), {(): distribution})


def histogram_by(
    name: str, meaning: str, labels: Sequence[str], distributions: Mapping[tuple[str, ...], Distribution]
) -> Metric:
    """Describe distributions, each with its values of the labels."""
    family = HistogramMetricFamily(name, meaning, labels=labels)
    for values, distribution in distributions.items():
        bounds = [*(str(bound) for bound in distribution.bounds), "+Inf"]
        buckets = list(zip(bounds, map(float, accumulate(distribution.counts)), strict=True))
        family.add_metric(values, buckets, distribution.total)
    return family
