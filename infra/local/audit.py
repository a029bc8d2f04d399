"""Known holes in what the lock files name: `python -m infra.local.audit PIP_AUDIT`.

Asks pip-audit for each lock file of Python, and npm for each of Node. An answer that nobody gave is not a clean one:
pip-audit ends well when its service knows none of the packages, which only its report tells.

Exit codes: 0 all were asked about and none has a known hole, 1 some have, 3 none is known but some could not be asked
about, 2 the command line is wrong.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from infra.local.logged import REPOSITORY, SetUpError, inherited_environment
from infra.local.node import npm

PYTHON_LOCKS = ("services", "runtime", "develop", "node")
NODE_FOLDERS = ("web", "contracts/tools")
_SECONDS = 300.0
_SHOWN = 5
_PIP_AUDIT = ("--format", "json", "--progress-spinner", "off", "--require-hashes", "--disable-pip", "--requirement")


class Exit(IntEnum):
    CLEAN = 0
    HOLES = 1
    WRONG_USE = 2
    NOT_ASKED = 3


@dataclass(frozen=True)
class Found:
    """What was found out of one lock file; `not_asked` are packages, or what went wrong with the question."""

    of: str
    asked: int = 0
    holes: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        if self.holes:
            yield f"{self.of}: {len(self.holes)} KNOWN HOLES"
            yield from (f"  {hole}" for hole in self.holes)
        if self.not_asked:
            yield f"{self.of}: NOT ASKED about {len(self.not_asked)}, so nothing is known of these:"
            yield from (f"  {one}" for one in self.not_asked[:_SHOWN])
            if len(self.not_asked) > _SHOWN:
                yield f"  … and {len(self.not_asked) - _SHOWN} more"
        if not self.holes and not self.not_asked:
            yield f"{self.of}: no known hole in {self.asked} packages"


def of_pip_audit(name: str, report: str, trouble: str) -> Found:
    """Read pip-audit's report; one that is none means that nothing could be asked."""
    read = _json_of(report)
    if read is None or not isinstance(read.get("dependencies"), list):
        return Found(name, not_asked=(_last_line(trouble) or "pip-audit gave no report",))
    skipped = [one for one in read["dependencies"] if "skip_reason" in one]
    asked = [one for one in read["dependencies"] if "skip_reason" not in one]
    return Found(
        name,
        len(asked),
        tuple(
            f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version'}"
            for one in asked
            for hole in one["vulns"]
        ),
        tuple(f"{one['name']}: {one['skip_reason']}" for one in skipped),
    )


def of_npm(name: str, report: str, trouble: str) -> Found:
    """Read the report of `npm audit --json`; one without `vulnerabilities` says why there is none."""
    read = _json_of(report)
    if read is None or not isinstance(read.get("vulnerabilities"), dict):
        why = (read or {}).get("message") or _last_line(trouble) or "npm gave no report"
        return Found(name, not_asked=(str(why),))
    holes = read["vulnerabilities"]
    return Found(
        name,
        read["metadata"]["dependencies"]["total"],
        tuple(f"{package} {hole['range']}: {hole['severity']}" for package, hole in sorted(holes.items())),
    )


def exit_code(found: Sequence[Found]) -> Exit:
    """A hole is worse than what could not be asked; both are told of."""
    if any(one.holes for one in found):
        return Exit.HOLES
    return Exit.NOT_ASKED if any(one.not_asked for one in found) else Exit.CLEAN


def _json_of(text: str) -> dict[str, Any] | None:
    try:
        read = json.loads(text)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _run(words: Sequence[str | Path], environment: Mapping[str, str]) -> tuple[str, str]:
    own = {**inherited_environment(), **environment}
    try:
        done = subprocess.run(
            [os.fspath(word) for word in words], env=own, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    return done.stdout, done.stderr


def main() -> Exit:
    """Ask about everything, whatever comes of each, and say at the end what came."""
    match sys.argv[1:]:
        case [pip_audit]:
            pass
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return Exit.WRONG_USE
    found = []
    for name in PYTHON_LOCKS:
        lock = Path("requirements", f"{name}.lock")
        found.append(of_pip_audit(str(lock), *_run([pip_audit, *_PIP_AUDIT, REPOSITORY / lock], {})))
    words, environment = npm()
    for folder in NODE_FOLDERS:
        asked = _run([*words, "--prefix", REPOSITORY / folder, "audit", "--json"], environment)
        found.append(of_npm(f"{folder}/package-lock.json", *asked))
    for one in found:
        sys.stdout.write("\n".join(one.lines()) + "\n")
    code = exit_code(found)
    if any(one.not_asked for one in found):
        sys.stdout.write("What was not asked about is not known to be clean: ask where the registries answer.\n")
    return code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetUpError as problem:
        sys.exit(str(problem))
