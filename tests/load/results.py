"""What a run of the benchmarks found, as data: the table, the JSON and the page are all made from it.

`python -m tests.load.bench --schema` prints the JSON Schema of the file.
"""

import statistics
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, computed_field

SCHEMA = 1


class Record(BaseModel):
    # What is computed stands in the file too, and is computed anew when that is read.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Bound(StrEnum):
    AT_LEAST = "at least"
    AT_MOST = "at most"


class Aim(Record):
    """`of_bare`: the limit is for the ratio to the bare figure, not for the figure itself."""

    bound: Bound
    limit: float
    of_bare: bool = False

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.bound is Bound.AT_LEAST else value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.bound is Bound.AT_LEAST else "≤"
        return f"{sign} {self.limit:g}{' of bare' if self.of_bare else ''}"


def at_least(limit: float, *, of_bare: bool = False) -> Aim:
    return Aim(bound=Bound.AT_LEAST, limit=limit, of_bare=of_bare)


def at_most(limit: float, *, of_bare: bool = False) -> Aim:
    return Aim(bound=Bound.AT_MOST, limit=limit, of_bare=of_bare)


class Figure(Record):
    """One thing that was measured, once in each turn; `bare` holds what the bare library did in the same turns."""

    name: str
    unit: str
    samples: Annotated[tuple[float, ...], Field(min_length=1)]
    bare_name: str = ""
    bare: tuple[float, ...] = ()
    aim: Aim | None = None

    @computed_field  # type: ignore[prop-decorator]  # (pydantic's own way, which mypy does not know)
    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @computed_field  # type: ignore[prop-decorator]  # (pydantic's own way, which mypy does not know)
    @property
    def bare_median(self) -> float | None:
        return statistics.median(self.bare) if self.bare else None

    @property
    def ratios(self) -> list[float]:
        """Ours to bare, turn by turn: what else the machine did hit both."""
        return [ours / bare if bare else 0.0 for ours, bare in zip(self.samples, self.bare, strict=True)]

    @computed_field  # type: ignore[prop-decorator]  # (pydantic's own way, which mypy does not know)
    @property
    def ratio(self) -> float | None:
        return statistics.median(self.ratios) if self.bare else None

    @computed_field  # type: ignore[prop-decorator]  # (pydantic's own way, which mypy does not know)
    @property
    def met(self) -> bool | None:
        """None where there is no aim."""
        if self.aim is None:
            return None
        return self.aim.holds(statistics.median(self.ratios if self.aim.of_bare else self.samples))


class Line(Record):
    name: str
    points: tuple[tuple[float, float], ...]


class Plot(Record):
    title: str
    x: str
    y: str
    lines: tuple[Line, ...]


class ProcessUse(Record):
    """`share` is the part of one core; memory is in MiB, of the server programs without what they share."""

    name: str
    cpu_seconds: float
    share: float
    memory_start: float
    memory_peak: float


class RowResult(Record):
    """`lost` says in words what did not arrive, came twice or was wrong; anything in it fails the run."""

    name: str
    question: str
    bare: str
    sizes: dict[str, int]
    settings: dict[str, str]
    seconds: float
    figures: tuple[Figure, ...]
    plots: tuple[Plot, ...] = ()
    processes: tuple[ProcessUse, ...] = ()
    notes: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class Machine(Record):
    processor: str
    cores: int
    memory_gib: float
    kernel: str
    open_files: int
    load_before: float


class Report(Record):
    schema_version: int = SCHEMA
    started_at: datetime
    seconds: float
    quick: bool
    machine: Machine
    versions: dict[str, str]
    rows: tuple[RowResult, ...]

    def side_by_side(self, *names: str) -> list[tuple[str, str, list[float]]]:
        """Give name, unit and medians of the figures that rows have alike; nothing if one of them did not run."""
        rows = [row for row in self.rows if row.name in names and row.figures]
        if len(rows) < len(names):
            return []
        alike = {
            (figure.name, figure.unit): [
                other.median for row in rows for other in row.figures if other.name == figure.name
            ]
            for figure in rows[0].figures
        }
        return [(name, unit, medians) for (name, unit), medians in alike.items() if len(medians) == len(names)]

    @property
    def missed(self) -> list[str]:
        return [f"{row.name}: {figure.name}" for row in self.rows for figure in row.figures if figure.met is False]

    @property
    def lost(self) -> list[str]:
        return [f"{row.name}: {what}" for row in self.rows for what in row.lost]


def percentile(sorted_values: Sequence[float], percent: float) -> float:
    """Give the value that so many percent are not above (nearest rank); 0 of nothing."""
    if not sorted_values:
        return 0.0
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * percent / 100))]


def distribution(name: str, values: Iterable[float], points: int = 200) -> Line:
    """Draw how many percent were not above a value."""
    ordered = sorted(values)
    percents = [100 * number / points for number in range(points)] + [99.9, 100.0]
    return Line(name=name, points=tuple((percentile(ordered, percent), percent) for percent in percents))
