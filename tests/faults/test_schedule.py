"""What is drawn from a seed, and that what is to be broken is there."""

import random
from collections import Counter
from importlib import import_module
from itertools import islice

import pytest

from tests.faults import each
from tests.faults.judging import Finding, Wrong
from tests.faults.report import BROKER_STARTS, seldom, table
from tests.faults.run import Outcome
from tests.faults.schedule import ALL_KINDS, LAST_LONG, Injected, chosen_kinds, draw, groups, is_clustered
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
        *(f"postgres.{what}" for what in ("connections", "freeze", "kill", "lock", "terminate")),
    )
    assert len(chosen_kinds(["kill"])) == len(PARTS)
    with pytest.raises(ValueError, match="no fault is called kil;"):
        chosen_kinds(["kil"])


def test_a_cluster_is_broken_only_where_there_is_one() -> None:
    assert not is_clustered(chosen_kinds([]))
    assert is_clustered(chosen_kinds(["cluster", "kill"]))
    with pytest.raises(ValueError, match="one node and of three"):
        chosen_kinds(["cluster", "broker.kill"])


def test_what_lasts_long_is_a_kind() -> None:
    assert set(LAST_LONG) <= set(ALL_KINDS)


def test_every_kind_is_of_a_group() -> None:
    of_groups = [kind for group in groups() for kind in chosen_kinds([group])]

    assert sorted(of_groups) == sorted(ALL_KINDS)


def test_a_table_says_whether_the_longest_recovery_of_each_kind_met_its_aim() -> None:
    took = {
        "broker.kill": (4.0, 10.0),
        "cluster.kill-leader": (10.1, 0.5),
        "broker.freeze": (5.1, 0.5),
        "kill.worker": (5.0,),
    }
    lines = table(
        [Injected(kind, "", 1.0, seconds) for kind, of_kind in took.items() for seconds in of_kind]
    ).splitlines()

    assert lines[0].count("|") == lines[1].count("|") == lines[2].count("|")
    assert lines[0].endswith("| recovery, longest | aim |")
    assert lines[2:] == [
        "| broker.freeze | 2 | 1.0 s | 2.8 s | 5.1 s | 5 s, missed |",
        "| broker.kill | 2 | 1.0 s | 7.0 s | 10.0 s | 10 s, met |",
        "| cluster.kill-leader | 2 | 1.0 s | 5.3 s | 10.1 s | 10 s, missed |",
        "| kill.worker | 1 | 1.0 s | 5.0 s | 5.0 s | 5 s, met |",
    ]


def test_what_has_a_broker_start_again_is_a_kind() -> None:
    assert set(ALL_KINDS) >= BROKER_STARTS


def test_a_table_says_which_kinds_came_too_seldom() -> None:
    often, once = (Injected(kind, "", 0.0, 0.0) for kind in ("kill.worker", "broker.kill"))

    both = ["kill.worker", "broker.kill"]
    assert seldom(["kill.worker"], [often] * 6, 60) == "each of 1 kinds came 6 times or more"
    assert seldom(both, [often, once], 1) == "each of 2 kinds came 1 times or more"
    assert seldom(both, [often] * 6 + [once], 60) == "1 of 2 kinds came less than 5 times: broker.kill 1"


def test_a_run_that_broke_off_is_red() -> None:
    row = each.Row("kill")
    row.note(7, Outcome([], [Injected("kill.worker", "", 1.0, 2.5)]), 60.0)
    row.note(8, None, 10.0)
    row.note(9, Outcome([Finding(Wrong.LOST, "something")], []), 60.0)

    assert "| kill | 3 | 1 | 8, 9 | 2.5 s | 130 s |" in each.table([row])


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
