"""The processes and commands of the task service: `python -m task_service api | relay | migrate | republish | …`."""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from infra.command_line import run_command
from task_service import app
from task_service.credentials.signing_keys import SigningKeyError

OPENAPI = Path(__file__).parents[1] / "contracts" / "schemas" / "openapi" / "task_service.json"


def main() -> int:
    """Run one command; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m task_service", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("api", help="serve the API and the page")
    commands.add_parser("relay", help="publish the events of the outbox")
    commands.add_parser("migrate", help="bring the database up to date")
    commands.add_parser("republish", help="tell the other services again who there is and who watches what")
    draining = commands.add_parser("drain", help="wait until all that other services have answered so far is applied")
    draining.add_argument("--seconds", type=float, default=20.0, help="fail when it takes longer (20)")
    openapi = commands.add_parser("openapi", help="describe the API in contracts/schemas/openapi")
    openapi.add_argument("--check", action="store_true", help="write nothing; fail when the file is stale")
    keys = commands.add_parser("keys", help="the keys that sign access tokens").add_subparsers(
        dest="deed", required=True
    )
    keys.add_parser("list", help="say what each key is good for")
    keys.add_parser("rotate", help="make a new key, which signs from half a minute later on")
    retiring = keys.add_parser("retire", help="remove the keys whose last token is dead, or one key")
    retiring.add_argument("key_id", nargs="?", metavar="ID", help="this key only")
    retiring.add_argument("--now", action="store_true", help="with an ID: although its tokens are refused then")
    arguments = parser.parse_args()
    if arguments.command == "keys" and arguments.deed == "retire" and arguments.now and arguments.key_id is None:
        retiring.error("--now needs the ID of a key")
    if arguments.command == "openapi":
        return app.describe(OPENAPI, check=arguments.check)
    run: Callable[[], int] | None = {
        "api": app.run_api,
        "relay": app.run_relay,
        "migrate": app.run_migration,
        "republish": app.run_republish,
        "drain": lambda: app.run_drain(arguments.seconds),
    }.get(arguments.command)
    return run_command(f"task_service {arguments.command}", run or _on_keys(arguments), SigningKeyError)


def _on_keys(arguments: argparse.Namespace) -> Callable[[], int]:
    if arguments.deed == "retire":
        return partial(app.retire_keys, arguments.key_id, at_once=arguments.now)
    return {"list": app.list_keys, "rotate": app.rotate_keys}[arguments.deed]


if __name__ == "__main__":
    sys.exit(main())
