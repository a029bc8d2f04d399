"""The passwords of one system: made once at random, kept in `secrets.json`, readable by their owner only."""

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
                f"{file} is gone, and with it the passwords of the data in {home}. `make reset` drops all data."
            ) from None
        stored = Passwords(postgres=_random(), roles={}, broker={})
    except ValidationError:
        raise BrokenDataError(f"{file} is damaged. `make reset` drops all data and starts anew.") from None
    complete = Passwords(
        postgres=stored.postgres,
        roles={role: _random() for role in SERVICE_ROLES} | stored.roles,
        broker={user: _random() for user in (*(user.name for user in USERS), ADMINISTRATOR)} | stored.broker,
    )
    if complete != stored:
        new = file.with_suffix(".new")
        write_private(new, complete.model_dump_json(indent=2) + "\n")
        new.replace(file)
    return complete


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, also while it is being written."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)


def _random() -> str:
    return secrets.token_urlsafe(_BYTES)
