"""Figures, aims and what is drawn of them."""

from datetime import UTC, datetime

import pytest

from tests.load.flame import flame_graph, parse, top, tree
from tests.load.page import page
from tests.load.plots import chart
from tests.load.results import Figure, Line, Machine, Plot, Report, RowResult, at_least, at_most, percentile
from tests.load.rows import ROWS
from tests.load.table import summary

STACKS = ["main (a.py:1);work (infra/b.py:2);read (c.py:3) 6", "main (a.py:1);work (infra/b.py:2) 3", "main (a.py:1) 1"]


def report(*figures: Figure, lost: tuple[str, ...] = ()) -> Report:
    line = Line(name="<ours>", points=((0.0, 1.0), (2.0, 5.0)))
    row = RowResult(
        name="relay",
        question="How many?",
        bare="bare",
        sizes={"turns": 2},
        settings={},
        seconds=1.0,
        figures=figures,
        plots=(Plot(title="t", x="s", y="ms", lines=(line,)),),
        lost=lost,
    )
    machine = Machine(processor="p", cores=2, memory_gib=1, kernel="k", open_files=1, load_before=0)
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    return Report(started_at=moment, seconds=1, quick=True, machine=machine, versions={}, rows=(row,))


def test_ratio_is_the_median_of_the_ratios_of_each_turn() -> None:
    figure = Figure(name="rate", unit="1/s", samples=(50, 10, 90), bare_name="bare", bare=(100, 100, 100))

    assert figure.ratio == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("samples", "aim", "met"),
    [
        ((70.0,), at_least(0.65, of_bare=True), True),
        ((60.0,), at_least(0.65, of_bare=True), False),
        ((60.0,), at_most(60), True),
        ((61.0,), at_most(60), False),
    ],
)
def test_aim_is_held_against_the_ratio_or_against_the_figure(
    samples: tuple[float, ...],
    aim: object,
    met: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    figure = Figure.model_validate({"name": "n", "unit": "u", "samples": samples, "bare": (100.0,), "aim": aim})

    assert figure.met is met


def test_figure_without_a_sample_is_none() -> None:
    with pytest.raises(ValueError, match="at least 1 item"):
        Figure(name="n", unit="u", samples=())


def test_percentile_is_a_value_that_was_measured() -> None:
    assert [percentile(range(1, 101), percent) for percent in (0, 50, 99, 100)] == [1, 51, 100, 100]
    assert percentile([], 50) == 0


def test_report_survives_its_file() -> None:
    written = report(Figure(name="n", unit="u", samples=(1.0, 2.0), bare=(2.0, 2.0), aim=at_least(0.5, of_bare=True)))

    assert Report.model_validate_json(written.model_dump_json()) == written


def test_summary_says_what_was_missed_and_what_was_lost() -> None:
    said = summary(report(Figure(name="rate", unit="1/s", samples=(1.0,), aim=at_least(2)), lost=("3 frames",)))

    assert "missed" in said
    assert "LOST in relay: 3 frames" in said
    assert "0 of 1 aims met" in said


def test_page_needs_nothing_besides_itself_and_escapes_what_it_shows() -> None:
    drawn = page(report(Figure(name="<b>", unit="u", samples=(1.0,))))

    assert not any(word in drawn for word in ("http:", "https:", "<script", "src=", "@import", "<b>&lt;", "<ours>"))
    assert "&lt;b&gt;" in drawn


@pytest.mark.parametrize("points", [((0.0, 0.0),), ((5.0, 1e-9), (5.0, 1e9)), ((-3.0, 2.0), (1e6, 0.5))])
def test_chart_is_drawn_of_any_points(points: tuple[tuple[float, float], ...]) -> None:
    drawn = chart(Plot(title="t", x="x", y="y", lines=(Line(name="l", points=points),)))

    assert "polyline" in drawn
    assert "nan" not in drawn


def test_top_tells_what_a_function_took_itself_from_what_it_called() -> None:
    first, *_ = [line for line in top(parse(STACKS), 3).splitlines() if "work" in line]

    assert first.split() == ["30.0%", "90.0%", "work", "(infra/b.py:2)"]


def test_flame_graph_is_as_wide_as_all_samples() -> None:
    root = tree(parse(STACKS))

    assert root.count == 10
    assert '<rect class="ours" x="0.0" y="36" width="1260.0"' in flame_graph(root, "t")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_quick_sizes_of_a_row_are_sizes_that_it_knows(row: object) -> None:
    assert set(getattr(row, "quick", None) or ()) <= set(getattr(row, "sizes", {}))
