"""The folder of a backup: a dump of each database and a manifest."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from infra.backup import ArchiveError

MANIFEST = "manifest.json"

_BLOCK = 1 << 20


class Dump(BaseModel):
    """One database: its file, and how many rows each table has in it."""

    model_config = ConfigDict(frozen=True)

    file: str
    sha256: str
    rows: dict[str, int]


class Manifest(BaseModel):
    """`taken_at` is the point to which a restore leads; `databases` are by service."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    taken_at: datetime
    databases: dict[str, Dump]


@contextmanager
def new_archive(folder: Path) -> Iterator[Path]:
    """Give a folder to write into; it gets its name when all of it is on disk, and goes when something fails.

    Raises:
        ArchiveError: the name is taken, or the folder above is missing.
    """
    if folder.exists():
        raise ArchiveError(f"{folder} is there already; a backup gets a folder of its own")
    if not folder.absolute().parent.is_dir():
        raise ArchiveError(f"{folder.absolute().parent} is not there")
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    try:
        yield partial
        for path in partial.iterdir():
            path.chmod(0o600)
            _sync(path)
        _sync(partial)
        partial.rename(folder)
        _sync(folder.absolute().parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def checksum(path: Path) -> str:
    """Give the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Read what a backup holds, and check that its files are what was written.

    Raises:
        ArchiveError: it is no backup, or damaged.
    """
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError as error:
        raise ArchiveError(f"{folder} is no backup: {MANIFEST}: {error.strerror}") from error
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in error.errors())
        raise ArchiveError(f"{folder / MANIFEST} cannot be read: {where}") from error
    for dump in manifest.databases.values():
        path = folder / Path(dump.file).name
        if not path.is_file():
            raise ArchiveError(f"{path} is missing")
        if checksum(path) != dump.sha256:
            raise ArchiveError(f"{path} is not what was written: its checksum differs")
    return manifest


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
