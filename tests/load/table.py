"""The results on a terminal."""

from collections.abc import Iterator

from tests.load.results import Figure, Report, RowResult

COMPARED = ("load-500", "load")
"""Rows that differ in one thing, shown side by side."""

_THOUSAND = 1_000
_TEN = 10


def number(value: float | None) -> str:
    """Write a number with three digits that count."""
    if value is None:
        return ""
    if abs(value) >= _THOUSAND:
        return f"{value:,.0f}"
    if abs(value) >= _TEN or value == 0:
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:.2f}"


def spread(samples: tuple[float, ...]) -> str:
    """Write the lowest and the highest of several."""
    return f"{number(min(samples))}-{number(max(samples))}" if len(samples) > 1 else ""


def verdict(figure: Figure) -> str:
    return {True: "met", False: "missed", None: ""}[figure.met]


def table(row: RowResult) -> str:
    """Give the table of a row."""
    return "".join(f"{line}\n" for line in _lines(row))


def _lines(row: RowResult) -> Iterator[str]:
    yield ""
    yield f"== {row.name}: {row.question}"
    yield f"   against {row.bare} ({row.seconds:.0f} s)"
    yield f"   {'':44}{'median':>10}{'spread':>19}{'bare':>10}{'ratio':>7}  {'aim':16}"
    for figure in row.figures:
        name = f"{figure.name} [{figure.unit}]"
        yield (
            f"   {name:44}{number(figure.median):>10}{spread(figure.samples):>19}{number(figure.bare_median):>10}"
            f"{number(figure.ratio):>7}  {figure.aim or ''!s:16} {verdict(figure)}".rstrip()
        )
    for use in row.processes:
        yield (
            f"   {use.name:28}{use.cpu_seconds:8.1f} s CPU, {use.share:6.0%} of a core, "
            f"{use.memory_start:7.0f} → {use.memory_peak:7.0f} MiB at most"
        )
    for note in row.notes:
        yield f"   {note}"
    for what in row.lost:
        yield f"   LOST: {what}"


def summary(report: Report) -> str:
    """Give the aims, and what came of them."""
    lines = [f"\n{'row':16}{'figure':46}{'median':>10} {'unit':8}{'ratio':>7}  {'aim':18}"]
    for row in report.rows:
        for figure in row.figures:
            if figure.aim is not None:
                lines.append(  # noqa: PERF401 (a line of this length is read better in a loop)
                    f"{row.name:16}{figure.name:46}{number(figure.median):>10} {figure.unit:8}"
                    f"{number(figure.ratio):>7}  {figure.aim!s:18}{verdict(figure)}"
                )
    if compared := report.side_by_side(*COMPARED):
        lines.append(f"\n{'':52}{''.join(f'{name:>12}' for name in COMPARED)}")
    for name, unit, medians in compared:
        lines.append(f"{f'{name} [{unit}]':52}{''.join(f'{number(median):>12}' for median in medians)}")
    lines += [f"LOST in {what}" for what in report.lost]
    aims = [figure for row in report.rows for figure in row.figures if figure.aim is not None]
    lines.append(
        f"{len(aims) - len(report.missed)} of {len(aims)} aims met, "
        f"{'nothing lost' if not report.lost else f'{len(report.lost)} findings'}, {report.seconds:.0f} s"
    )
    return "".join(f"{line}\n" for line in lines)
