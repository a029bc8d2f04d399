"""What a benchmark is: a question, its bare limit, its sizes, and the code that answers it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tests.load.results import Figure, Plot, ProcessUse
from tests.load.scene.stage import Stage

Sizes = Mapping[str, int]


@dataclass
class Findings:
    """What a row found; see `RowResult`."""

    figures: list[Figure] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    processes: list[ProcessUse] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """`sizes` are those of a full run; `quick` replaces some of them, and the command line any.

    Without `quick`, the row is none of a quick run: small sizes would say nothing, and take too long.
    """

    name: str
    question: str
    bare: str
    sizes: Sizes
    quick: Sizes | None
    run: Callable[[Stage, Sizes], Awaitable[Findings]]

    def sized(self, *, quick: bool, wanted: Sizes) -> dict[str, int]:
        """Give the sizes of a run; what this row does not know is none of its business."""
        sizes = {**self.sizes, **(self.quick if quick and self.quick else {})}
        return {name: wanted.get(name, size) for name, size in sizes.items()}
