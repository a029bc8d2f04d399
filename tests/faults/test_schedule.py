"""What is drawn from a seed, and that what is to be broken is there."""

import random
from collections import Counter
from importlib import import_module
from itertools import islice

import pytest

from tests.faults.schedule import ALL_KINDS, chosen_kinds, draw, is_clustered
from tests.faults.system import KINDS as PARTS
from tests.faults.tampered import POINTS, SABOTAGES


def test_a_seed_draws_the_same_faults_and_another_seed_others() -> None:
    kinds = chosen_kinds([])
    first, again, other = (list(islice(draw(kinds, random.Random(seed)), 100)) for seed in (7, 7, 8))  # noqa: S311 (what is tested)

    assert first == again
    assert first != other


def test_every_round_has_each_kind_once() -> None:
    kinds = chosen_kinds([])
    drawn = islice(draw(kinds, random.Random(7)), 3 * len(kinds))  # noqa: S311 (see above)

    assert set(Counter(kind for kind, _, _ in drawn).values()) == {3}


def test_kinds_are_chosen_by_name_or_by_the_beginning_of_it() -> None:
    assert chosen_kinds(["broker.kill", "postgres"]) == (
        "broker.kill",
        *(f"postgres.{what}" for what in ("connections", "kill", "lock", "terminate")),
    )
    assert len(chosen_kinds(["kill"])) == len(PARTS)
    with pytest.raises(ValueError, match="no fault is called kil;"):
        chosen_kinds(["kil"])


def test_a_cluster_is_broken_only_where_there_is_one() -> None:
    assert not is_clustered(chosen_kinds([]))
    assert is_clustered(chosen_kinds(["cluster", "kill"]))
    with pytest.raises(ValueError, match="one node and of three"):
        chosen_kinds(["cluster", "broker.kill"])


@pytest.mark.parametrize("point", POINTS)
def test_the_function_of_a_crash_point_exists(point: str) -> None:
    kind, place, _ = POINTS[point]
    module, _, path = place.partition(":")
    found = import_module(module)
    for name in path.split("."):
        found = getattr(found, name)

    assert callable(found)
    assert kind in {part.name for part in PARTS}
    assert point in ALL_KINDS


def test_each_sabotage_concerns_a_kind_of_process() -> None:
    assert {kind for kind, _ in SABOTAGES.values()} <= {part.name for part in PARTS}
