"""The results as one page that needs nothing besides itself."""

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from tests.load.plots import COLOURS, chart, strip
from tests.load.results import Figure, Report, RowResult
from tests.load.table import COMPARED, number, spread, verdict

STYLE = Path(__file__).with_name("page.css")

_LIGHT = ("#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed", "#0891b2", "#dc2626", "#65a30d", "#9a3412", "#475569")
_DARK = ("#7aa2ff", "#fbbf24", "#34d399", "#f472b6", "#b794f6", "#22d3ee", "#f87171", "#a3e635", "#fb923c", "#a8b3c4")


def page(report: Report) -> str:
    """Give the whole page."""
    title = f"Taskify benchmarks, {report.started_at:%Y-%m-%d %H:%M} UTC{', quick' if report.quick else ''}"
    body = "".join((_head(report, title), _aims(report), _compared(report), *(_row(row) for row in report.rows)))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE.read_text()}{_colours()}</style><main>{body}</main></html>\n"
    )


def _colours() -> str:
    def rules(colours: Iterable[str]) -> str:
        return "".join(
            f".c{index}{{stroke:{colour}}}.k{index}{{background:{colour}}}" for index, colour in enumerate(colours)
        )

    return f"{rules(_LIGHT[:COLOURS])}@media (prefers-color-scheme:dark){{{rules(_DARK[:COLOURS])}}}"


def _head(report: Report, title: str) -> str:
    machine = report.machine
    facts = {
        "machine": f"{machine.processor}, {machine.cores} cores, {machine.memory_gib:g} GiB, Linux {machine.kernel}",
        "before the run": f"load average {machine.load_before:.1f}",
        "files a process may open": f"{machine.open_files:,}",
        "versions": ", ".join(f"{name} {version}" for name, version in report.versions.items()),
        "took": f"{report.seconds:,.0f} s",
    }
    lost = "".join(f'<p class="lost">Lost in {escape(what)}</p>' for what in report.lost)
    return f"<h1>{escape(title)}</h1>{_facts(facts)}{lost}"


def _facts(facts: dict[str, str]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(text)}</dd>' for name, text in facts.items())}</dl>"


def _aims(report: Report) -> str:
    lines = [
        f'<tr><th scope="row"><a href="#{row.name}">{escape(row.name)}</a></th>{_cells(figure)}</tr>'
        for row in report.rows
        for figure in row.figures
        if figure.aim is not None
    ]
    return (
        '<h2>Aims</h2><p class="legend"><span><i class="dot ours"></i>ours</span><span><i class="dot bare"></i>bare'
        f'</span><span><i class="mark"></i>aim</span></p>{_table(("row", *_COLUMNS), lines)}'
    )


_NUMBERS = {*COMPARED, "median", "spread", "bare", "ratio", "CPU s", "of a core", "MiB at first", "MiB at most"}
_COLUMNS = ("figure", "median", "spread", "unit", "bare", "ratio", "aim", "", "each turn")


def _cells(figure: Figure) -> str:
    said = verdict(figure)
    return (
        f"<td>{escape(figure.name)}</td><td class=n>{number(figure.median)}</td>"
        f"<td class=n>{spread(figure.samples)}</td><td>{escape(figure.unit)}</td>"
        f"<td class=n title='{escape(figure.bare_name)}'>{number(figure.bare_median)}</td>"
        f"<td class=n>{number(figure.ratio)}</td><td>{escape(str(figure.aim or ''))}</td>"
        f"<td><span class='verdict {said}'>{said}</span></td><td>{strip(figure)}</td>"
    )


def _compared(report: Report) -> str:
    compared = report.side_by_side(*COMPARED)
    lines = [
        f"<tr><td>{escape(name)}</td><td>{escape(unit)}</td>"
        f"{''.join(f'<td class=n>{number(median)}</td>' for median in medians)}</tr>"
        for name, unit, medians in compared
    ]
    return f"<h2>Side by side</h2>{_table(('figure', 'unit', *COMPARED), lines)}" if lines else ""


def _row(row: RowResult) -> str:
    return "".join(_row_parts(row))


def _row_parts(row: RowResult) -> Iterator[str]:
    yield f'<section id="{row.name}"><h2>{escape(row.name)}</h2><p><b>{escape(row.question)}</b></p>'
    yield f"<p>Against: {escape(row.bare)}.</p>"
    yield from (f'<p class="lost">Lost: {escape(what)}</p>' for what in row.lost)
    yield from (f"<p>{escape(note)}</p>" for note in row.notes)
    if row.figures:
        yield _table(_COLUMNS, [f"<tr>{_cells(figure)}</tr>" for figure in row.figures])
    yield f'<div class="charts">{"".join(chart(plot) for plot in row.plots)}</div>'
    if row.processes:
        yield _table(
            ("process", "CPU s", "of a core", "MiB at first", "MiB at most"),
            [
                f"<tr><td>{escape(use.name)}</td><td class=n>{use.cpu_seconds:.1f}</td><td class=n>{use.share:.0%}</td>"
                f"<td class=n>{use.memory_start:.0f}</td><td class=n>{use.memory_peak:.0f}</td></tr>"
                for use in row.processes
            ],
        )
    sizes = {name: f"{size:,}" for name, size in row.sizes.items()}
    yield f"<details><summary>sizes and settings</summary>{_facts({**sizes, **row.settings})}</details></section>"


def _table(columns: Iterable[str], lines: Iterable[str]) -> str:
    head = "".join(f"<th{' class=n' if column in _NUMBERS else ''}>{escape(column)}</th>" for column in columns)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
