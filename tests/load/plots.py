"""Plots as static SVG: no script, no library; colours come from the page's style sheet, so that both looks fit."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from tests.load.results import Bound, Figure, Plot
from tests.load.table import number

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 76, 12, 24, 40
STRIP_WIDTH, STRIP_HEIGHT, STRIP_MARGIN = 240, 36, 8
COLOURS = 10
_TICKS = 5
_OURS_Y, _BARE_Y = 12, 26


def strip(figure: Figure) -> str:
    """Draw every sample of a figure as a dot, ours above and bare below, from nothing to the largest."""
    limit = _limit_of(figure)
    largest = max((*figure.samples, *figure.bare, limit or 0.0)) * 1.05 or 1.0

    def at(value: float) -> float:
        return STRIP_MARGIN + (STRIP_WIDTH - 2 * STRIP_MARGIN) * value / largest

    parts = [f'<line class="axis" x1="{at(0):.1f}" x2="{at(0):.1f}" y1="4" y2="{STRIP_HEIGHT - 4}"/>']
    if limit is not None:
        word = "at least" if figure.aim is not None and figure.aim.bound is Bound.AT_LEAST else "at most"
        parts.append(
            f'<line class="aim" x1="{at(limit):.1f}" x2="{at(limit):.1f}" y1="2" y2="{STRIP_HEIGHT - 2}">'
            f"<title>aim: {word} {number(limit)}</title></line>"
        )
    for kind, y, samples in (("ours", _OURS_Y, figure.samples), ("bare", _BARE_Y, figure.bare)):
        parts += [
            f'<circle class="{kind}" cx="{at(value):.1f}" cy="{y}" r="4">'
            f"<title>{kind}: {number(value)}</title></circle>"
            for value in samples
        ]
    label = f"{figure.name}: ours {number(figure.median)}"
    return _svg(STRIP_WIDTH, STRIP_HEIGHT, label, parts, "strip")


def chart(plot: Plot) -> str:
    """Draw lines in one pair of axes that begin at the smallest x and at nothing, with what each line is below."""
    points = [point for line in plot.lines for point in line.points]
    if not points:
        return ""
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top = max(y for _, y in points)
    across, up = _ticks(left, right), _ticks(0.0, top)
    right, top = max(right, across[-1], left + 1e-9), max(top, up[-1], 1e-9)

    def x_at(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - left) / (right - left)

    def y_at(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

    parts = [
        *(_tick_y(y_at(tick), tick) for tick in up),
        *(_tick_x(x_at(tick), tick) for tick in across),
        f'<text class="name" x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{escape(plot.x)}</text>',
        f'<text class="name" x="2" y="12">{escape(plot.y)}</text>',
    ]
    for index, line in enumerate(plot.lines):
        path = " ".join(f"{x_at(x):.1f},{y_at(y):.1f}" for x, y in line.points)
        parts.append(
            f'<polyline class="line c{index % COLOURS}" points="{path}"><title>{escape(line.name)}</title></polyline>'
        )
    drawn = _svg(WIDTH, HEIGHT, plot.title, parts, "chart")
    return f"<figure><figcaption>{escape(plot.title)}</figcaption>{drawn}{_legend(plot)}</figure>"


def _limit_of(figure: Figure) -> float | None:
    """Give the aim in the figure's own unit."""
    if figure.aim is None:
        return None
    return figure.aim.limit * (figure.bare_median or 0.0) if figure.aim.of_bare else figure.aim.limit


def _ticks(low: float, high: float) -> Sequence[float]:
    """Give round values, the first at or above `low`, the last at or above `high`."""
    span = (high - low) or 1.0
    rough = span / _TICKS
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
    first, last = math.ceil(low / step), math.ceil(high / step - 1e-9)
    return [tick * step for tick in range(first, max(first, last) + 1)]


def _tick_y(y: float, value: float) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>'
    )


def _tick_x(x: float, value: float) -> str:
    return f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{value:,g}</text>'


def _legend(plot: Plot) -> str:
    if len(plot.lines) == 1:
        return ""
    return f'<p class="legend">{"".join(_keys(plot))}</p>'


def _keys(plot: Plot) -> Iterator[str]:
    for index, line in enumerate(plot.lines):
        yield f'<span><i class="key k{index % COLOURS}"></i>{escape(line.name)}</span>'


def _svg(width: int, height: int, label: str, parts: Sequence[str], kind: str) -> str:
    return (
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
