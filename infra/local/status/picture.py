"""How it looks on a terminal: plain columns, and no colour."""

from collections.abc import Mapping, Sequence

from infra.local.status.figures import Hop, Process, Status

NOTHING = "-"
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_KIBI = 1_024


def picture(status: Status, heading: str) -> list[str]:
    """Draw everything, a line each."""
    return [
        f"{heading}: {'healthy' if status.healthy else 'NOT HEALTHY'}",
        *(f"  {trouble}" for trouble in status.trouble),
        "",
        *_table(
            ("PROCESS", "PORT", "READY", "UP", "CPU", "MEMORY", ""),
            [_process_row(process) for process in status.processes],
        ),
        "",
        *_table(("HOP", "RATE", "WAITING", "OLDEST", "MEDIAN", "95 %", ""), [_hop_row(hop) for hop in status.hops]),
        "",
        f"For a person:  {_listed(status.for_a_person)}",
        f"Connections:   {_listed(status.connections)}",
    ]


def _process_row(process: Process) -> tuple[str, ...]:
    return (
        process.name,
        str(process.port),
        "yes" if process.ready else "NO",
        NOTHING if process.up_seconds is None else _span(process.up_seconds),
        NOTHING if process.processor is None else f"{process.processor:.0%}",
        NOTHING if process.memory_bytes is None else f"{process.memory_bytes / _KIBI / _KIBI:.0f} MiB",
        process.trouble,
    )


def _hop_row(hop: Hop) -> tuple[str, ...]:
    return (
        hop.name,
        NOTHING if hop.rate is None else f"{hop.rate:.1f}/s",
        NOTHING if hop.waiting is None else f"{hop.waiting:.0f}",
        _seconds(hop.oldest_seconds),
        _seconds(hop.median_seconds),
        _seconds(hop.percentile_95_seconds),
        hop.note,
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Align the columns: names to the left, figures to the right, the last one free."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    return [
        "  ".join(
            cell.ljust(width) if column in {0, len(heads) - 1} else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, *rows)
    ]


def _listed(values: Mapping[str, float | None]) -> str:
    return ", ".join(f"{name} {NOTHING if value is None else f'{value:.0f}'}" for name, value in values.items())


def _seconds(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value * 1_000:.0f} ms" if value < 1 else f"{value:.1f} s"


def _span(seconds: float) -> str:
    for size, unit, smaller, name in ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", 1, "s")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} {seconds % size // smaller:.0f} {name}"
    return f"{seconds:.0f} s"
