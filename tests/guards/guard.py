"""What a guard is, and what is left without it."""

from dataclasses import dataclass
from pathlib import Path


class StaleGuardError(Exception):
    """The text of a guard is not where it is said to be, or not only there."""


@dataclass(frozen=True, slots=True)
class Guard:
    """`tests` are paths below `tests/` with a name, as in `docs/security.md`; each of them has to fail without it."""

    name: str
    file: str
    text: str
    without: str
    tests: tuple[str, ...]

    def taken_out(self, tree: Path) -> str:
        """Give the file's content without the guard.

        Raises:
            StaleGuardError: the text is not found exactly once.
        """
        content = (tree / self.file).read_text()
        if content.count(self.text) != 1:
            raise StaleGuardError(f"{self.name}: found {content.count(self.text)} times in {self.file}: {self.text!r}")
        return content.replace(self.text, self.without)
