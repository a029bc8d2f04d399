"""Taskify on one machine: `python -m infra.local up | status | reset`."""

import argparse
import shutil
import sys
from pathlib import Path

from pydantic import ValidationError

from infra.backup import BackupError
from infra.command_line import explain_settings
from infra.local.errors import LaunchError
from infra.local.launcher import up
from infra.local.leftovers import stop_leftovers
from infra.local.lock import only_launcher
from infra.local.settings import launch_home, launch_settings
from infra.local.status.watching import Wanted, status
from infra.local.steps import say

# Only what we made: TASKIFY_HOME may hold other things.
_OURS = (
    "postgres",
    "postgres.new",
    "postgres.password",
    "rabbitmq",
    "signing-keys",
    "secrets.json",
    "environment",
    "demo-is-due",
    "demo-is-there",
    "logs",
)


def reset(home: Path) -> int:
    """Drop all data of this system."""
    if not home.exists():
        say(f"There is no data in {home}.")
        return 0
    with only_launcher(home):
        stop_leftovers(home)
        for name in _OURS:
            path = home / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    say(f"The data in {home} is gone.")
    return 0


def main() -> int:
    """Do what the command line says; a failure is one message, and a non-zero exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="start everything, and stop it with Ctrl-C")
    starting.add_argument("--restore", type=Path, metavar="FOLDER", help="fill new databases from this backup first")
    showing = commands.add_parser("status", help="say what runs, and how well; exit code 0 when all of it does")
    showing.add_argument("--watch", action="store_true", help="keep it up to date until Ctrl-C")
    showing.add_argument("--json", action="store_true", help="for a program: one JSON value a line")
    commands.add_parser("reset", help="drop all data; refuses while it runs")
    arguments = parser.parse_args()
    home = launch_home()
    try:
        if arguments.command == "status":
            return status(home, Wanted(watch=arguments.watch, json=arguments.json))
        if arguments.command == "reset":
            return reset(home)
        return up(launch_settings(), home, arguments.restore)
    except ValidationError as error:
        sys.stderr.write(f"{explain_settings(error)}\n")
    except (LaunchError, BackupError) as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        sys.stderr.write(f"{error.filename or home}: {error.strerror or error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
