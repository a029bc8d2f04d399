"""How long to wait before the next try."""

import random
from collections.abc import Iterator


def full_jitter(base_seconds: float, cap_seconds: float) -> Iterator[float]:
    """Yield, without end, a random time up to a bound that doubles from `base_seconds` to `cap_seconds`.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog ("full jitter").
    """
    bound = base_seconds
    while True:
        yield random.uniform(0, bound)  # noqa: S311 (spreads load, protects nothing)
        bound = min(bound * 2, cap_seconds)
