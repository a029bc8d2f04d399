"""The passwords of one system: made once at random, kept in `secrets.json`, readable by their owner only."""

import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ValidationError

from contracts.topology import USERS
from infra.broker.definitions import ADMINISTRATOR
from infra.local.databases import SERVICE_ROLES
from infra.local.errors import BrokenDataError

_BYTES = 24


class Passwords(BaseModel):
    """`postgres` is the superuser's; the others are by the name of a role or a broker user."""

    postgres: str
    roles: dict[str, str]
    broker: dict[str, str]


def load_passwords(home: Path) -> Passwords:
    """Read the passwords of a system, or make them at its first start.

    Raises:
        BrokenDataError: the file is damaged, or gone while the data that it opens is there.
    """
    file = home / "secrets.json"
    try:
        stored = Passwords.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        if (home / "postgres").exists():
            raise BrokenDataError(
                f"{file} is gone, and with it the passwords of the data in {home}. Put it back from a backup, or drop "
                "all data (`make reset`)."
            ) from None
        stored = Passwords(postgres=_random(), roles={}, broker={})
    except ValidationError:
        raise BrokenDataError(
            f"{file} is damaged. Put it back from a backup, or drop all data and start anew "
            "(`make reset`; in containers, `docker compose down --volumes`)."
        ) from None
    complete = _completed(stored)
    if complete != stored:
        _store(file, complete)
    return complete


def renew_service_passwords(home: Path) -> None:
    """Make new passwords for all services, in one step; the administrators keep theirs.

    Raises:
        BrokenDataError: the file is damaged.
    """
    now = load_passwords(home)
    kept = Passwords(postgres=now.postgres, roles={}, broker={ADMINISTRATOR: now.broker[ADMINISTRATOR]})
    _store(home / "secrets.json", _completed(kept))


def replace_file(file: Path, text: str, *, mode: int = 0o600) -> None:
    """Put a new file in the place of the old one: whoever reads gets one of the two wholly, after a power cut too."""
    new = file.with_name(f"{file.name}.new")
    write_private(new, text)
    new.chmod(mode)
    with new.open("rb") as written:
        os.fsync(written.fileno())
    new.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, also while it is being written."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)


def _completed(stored: Passwords) -> Passwords:
    """Add a password for everybody who has none."""
    return Passwords(
        postgres=stored.postgres,
        roles={role: _random() for role in SERVICE_ROLES} | stored.roles,
        broker={user: _random() for user in (*(user.name for user in USERS), ADMINISTRATOR)} | stored.broker,
    )


def _store(file: Path, passwords: Passwords) -> None:
    replace_file(file, passwords.model_dump_json(indent=2) + "\n")


def _random() -> str:
    return secrets.token_urlsafe(_BYTES)
