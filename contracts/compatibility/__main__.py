"""Hold the present contracts against the last released set, or release them.

Exit codes: 0 nothing breaks, or released; 1 something breaks, or cannot be released; 2 the command line is wrong.
"""

import argparse
import sys

from contracts.compatibility.released import RELEASED, ReleaseError, check, parse_version, release, set_folder, versions


def main() -> int:
    """Do what the command line says; give the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m contracts.compatibility",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="tell what would break who relies on the last released set")
    commands.add_parser("release", help="write a new set and its samples").add_argument("version", metavar="VERSION")
    arguments = parser.parse_args()
    if arguments.command == "check":
        return _check()
    try:
        release(parse_version(arguments.version))
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print(f"contracts/released/{arguments.version}")
    return 0


def _check() -> int:
    found = check()
    for told in found:
        sys.stderr.write(f"{told}\n")
    if found:
        last = set_folder(RELEASED, versions(RELEASED)[-1]).name
        sys.stderr.write(f"{len(found)} breaks of contracts {last}: docs/contracts.md says what to do.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
