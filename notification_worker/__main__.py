import argparse
import sys

from notification_worker import openapi


def main() -> int:
    arguments = argparse.ArgumentParser(prog="notification_worker", description=__doc__)
    commands = arguments.add_subparsers(dest="command", required=True)
    described = commands.add_parser("openapi", help="write the OpenAPI description")
    described.add_argument("--check", action="store_true", help="write nothing; fail when the file is stale")
    chosen = arguments.parse_args()
    if chosen.check:
        return 1 if openapi.is_stale() else 0
    openapi.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
