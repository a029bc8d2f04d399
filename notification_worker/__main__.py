"""The processes and commands of the notification worker.

`worker`, `api` and `relay` run until a signal; `migrate`, `check`, `drain` and `openapi` do one thing and end.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from infra.command_line import run_command
from notification_worker import app

OPENAPI = Path(__file__).parents[1] / "contracts" / "schemas" / "openapi" / "notification_worker.json"


def main() -> int:
    """Run one command; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m notification_worker", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("worker", help="apply events to people's inboxes, send digests, forget what is old")
    commands.add_parser("api", help="serve the API")
    commands.add_parser("relay", help="publish deliveries to the gateways")
    commands.add_parser("migrate", help="bring the database up to date")
    commands.add_parser("check", help="recount every inbox; fail when a counter is wrong")
    draining = commands.add_parser("drain", help="wait until all that lies in the worker's queues now is applied")
    draining.add_argument("--seconds", type=float, default=20.0, help="fail when it takes longer (20)")
    openapi = commands.add_parser("openapi", help="describe the API in contracts/schemas/openapi")
    openapi.add_argument("--check", action="store_true", help="write nothing; fail when the file is stale")
    arguments = parser.parse_args()
    if arguments.command == "openapi":
        return app.describe(OPENAPI, check=arguments.check)
    run: dict[str, Callable[[], int]] = {
        "worker": app.run_worker,
        "api": app.run_api,
        "relay": app.run_relay,
        "migrate": app.run_migration,
        "check": app.run_check,
        "drain": lambda: app.run_drain(arguments.seconds),
    }
    return run_command(f"notification_worker {arguments.command}", run[arguments.command])


if __name__ == "__main__":
    sys.exit(main())
