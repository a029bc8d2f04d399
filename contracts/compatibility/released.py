"""The released sets, `contracts/released/<version>/`, each a copy of `contracts/schemas` as it was, and the samples."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from contracts.compatibility.codes import asyncapi_breaks, close_code_breaks, topology_breaks
from contracts.compatibility.openapi import api_breaks
from contracts.compatibility.samples import samples
from contracts.compatibility.schema import Direction, Schema, Side, breaks

SCHEMAS = Path(__file__).parents[1] / "schemas"
RELEASED = Path(__file__).parents[1] / "released"

Version = tuple[int, int, int]

_SENT, _TAKEN = (Direction.SENT,), (Direction.TAKEN,)
_DIRECTIONS = {
    "events/taskify.notification.requested.v1.json": _TAKEN,
    "dead_letter_headers.json": _SENT,
    "problem.json": _SENT,
    "socket/client_frame.json": _TAKEN,
    "socket/server_frame.json": _SENT,
    "socket/notification.json": _SENT,
}
"""Everything else is sent by one of us and taken by another, and messages wait in queues while versions change."""

_FRAMES = "socket/server_frame.json"


class ReleaseError(Exception):
    """The version that was asked for cannot be released."""


def read_set(folder: Path) -> dict[str, Schema]:
    """Read a set: each file's path below the folder, and its content."""
    return {str(path.relative_to(folder)): json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))}


def versions(released: Path) -> list[Version]:
    """Give the released versions, the oldest first."""
    found = [parse_version(path.name) for path in released.iterdir() if path.is_dir() and path.name[0].isdigit()]
    return sorted(found)


def parse_version(text: str) -> Version:
    """Read a version such as `1.2.0`.

    Raises:
        ReleaseError: it is none.
    """
    if not re.fullmatch(r"\d+[.]\d+[.]\d+", text):
        raise ReleaseError(f"not a version: {text!r}; one looks like 1.2.0")
    first, second, third = map(int, text.split("."))
    return first, second, third


def set_folder(released: Path, version: Version) -> Path:
    """Give the folder of a version's set."""
    return released / ".".join(map(str, version))


def set_breaks(old: dict[str, Schema], new: dict[str, Schema]) -> Iterator[str]:
    """Tell everything in which a set would break who relies on another, with the file."""
    for name, before in old.items():
        if name not in new:
            yield f"{name}: it was removed"
        else:
            seen = set()
            for told in _file_breaks(name, before, new[name]):
                if told not in seen:
                    seen.add(told)
                    yield f"{name}: {told}"


def _file_breaks(name: str, before: Schema, after: Schema) -> Iterator[str]:
    folder = name.partition("/")[0]
    if folder == "openapi":
        yield from api_breaks(before, after)
    elif folder == "asyncapi":
        yield from asyncapi_breaks(before, after)
    elif name == "socket/close_codes.json":
        yield from close_code_breaks(before, after)
    elif name == "topology.json":
        yield from topology_breaks(before, after)
    else:
        for direction in _DIRECTIONS.get(name, (Direction.SENT, Direction.TAKEN)):
            sides = Side(before, before), Side(after, after)
            yield from breaks(*sides, direction, open_union=name == _FRAMES)


def check(schemas: Path = SCHEMAS, released: Path = RELEASED) -> list[str]:
    """Tell in what the present contracts would break who relies on the last released ones."""
    last = versions(released)[-1]
    return list(set_breaks(read_set(set_folder(released, last)), read_set(schemas)))


def release(version: Version, schemas: Path = SCHEMAS, released: Path = RELEASED) -> None:
    """Make the present contracts a released set, and add the samples that there are not yet.

    Raises:
        ReleaseError: the version is not later than the last, or breaks need its first number to be.
    """
    released.mkdir(exist_ok=True)
    earlier = versions(released)
    if earlier and version <= earlier[-1]:
        raise ReleaseError(f"the last released version is {set_folder(released, earlier[-1]).name}; take a later one")
    if earlier and version[0] == earlier[-1][0] and (found := check(schemas, released)):
        raise ReleaseError("\n".join((*found, "This breaks who relies on it: raise the first number of the version.")))
    folder = set_folder(released, version)
    shutil.copytree(schemas, folder)
    for name, text in samples(read_set(schemas)).items():
        type_, _, kind = name.partition("/")
        known = released / "samples" / type_
        known.mkdir(parents=True, exist_ok=True)
        if text not in {path.read_text() for path in known.iterdir()}:
            (known / f"{kind}-{folder.name}.json").write_text(text)
