"""The processes and commands of the task service: `python -m task_service api | relay | migrate | openapi`."""

import argparse
import sys
from pathlib import Path

from infra.command_line import run_command
from task_service import app
from task_service.credentials.signing_keys import UnusableKeyError

OPENAPI = Path(__file__).parents[1] / "contracts" / "schemas" / "openapi" / "task_service.json"


def main() -> int:
    """Run one command; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m task_service", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("api", help="serve the API and the page")
    commands.add_parser("relay", help="publish the events of the outbox")
    commands.add_parser("migrate", help="bring the database up to date")
    openapi = commands.add_parser("openapi", help="describe the API in contracts/schemas/openapi")
    openapi.add_argument("--check", action="store_true", help="write nothing; fail when the file is stale")
    arguments = parser.parse_args()
    if arguments.command == "openapi":
        return app.describe(OPENAPI, check=arguments.check)
    run = {"api": app.run_api, "relay": app.run_relay, "migrate": app.run_migration}[arguments.command]
    return run_command(f"task_service {arguments.command}", run, UnusableKeyError)


if __name__ == "__main__":
    sys.exit(main())
