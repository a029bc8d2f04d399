"""Messages that nobody could handle: look at them, send them again, or throw them away.

The command reads TASKIFY_OPERATOR_BROKER_URL (environment, or $TASKIFY_HOME/environment), the address of a broker user
who may read the dead letters, write to every exchange and, by the tag `impersonator`, send in the name of others.

Exit codes: 0 done; 1 something is in the way, or was not done for every letter; 2 the command line is wrong.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from infra.broker import MessageRefusedError
from infra.broker.dead_letters import DeadLettersError
from infra.broker.dead_letters.letter import Letter
from infra.broker.dead_letters.output import Outcome, as_json, details, printable, table
from infra.broker.dead_letters.queue import LARGEST_LIMIT, LIMIT, DeadLetterQueue, Taken
from infra.command_line import run_command
from infra.settings import BrokerUrls, Settings, broker_addresses
from infra.telemetry.logging import quiet_broker_libraries

_NAME = "dead_letters"


class OperatorSettings(Settings):
    operator_broker_url: BrokerUrls


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; give the exit code."""
    arguments = _parser().parse_args(words)
    quiet_broker_libraries()

    def command() -> int:
        settings = OperatorSettings()
        return asyncio.run(_run(arguments, broker_addresses(settings.operator_broker_url)))

    return run_command(_NAME, command)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.broker.dead_letters",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="one line for each letter, the oldest first")
    showing = commands.add_parser("show", help="all that letters say of their failure")
    showing.add_argument("--body", action="store_true", help="also the message itself, which may be personal")
    replaying = commands.add_parser("replay", help="send messages again as they were sent, and remove the letters")
    dropping = commands.add_parser("drop", help="remove letters for ever")
    for chosen in (showing, replaying, dropping):
        chosen.add_argument("ids", nargs="*", metavar="ID", help="which letters: the ids of their messages")
        chosen.add_argument("--all", action="store_true", help="all letters")
    for changing in (replaying, dropping):
        changing.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    for each in (listing, showing, replaying, dropping):
        each.add_argument("--json", action="store_true", help="for a program: one JSON value on standard output")
        each.add_argument(
            "--limit",
            type=int,
            default=LIMIT,
            choices=range(1, LARGEST_LIMIT + 1),
            metavar="N",
            help=f"look at the oldest N letters only ({LIMIT} unless told otherwise, {LARGEST_LIMIT} at most)",
        )
    return parser


async def _run(arguments: argparse.Namespace, urls: Sequence[str]) -> int:
    if arguments.command != "list" and bool(arguments.ids) is arguments.all:
        sys.stderr.write(f"{_NAME}: name the letters by their ids, or say --all\n")
        return 2
    async with DeadLetterQueue.open(urls, arguments.limit) as queue:
        if len(queue.taken) == arguments.limit:
            sys.stderr.write(f"{_NAME}: only the oldest {arguments.limit} letters are looked at\n")
        chosen, missing = _choose(queue.taken, None if arguments.command == "list" or arguments.all else arguments.ids)
        for id_ in missing:
            sys.stderr.write(f"{_NAME}: no letter has the id {printable(id_)}\n")
        if arguments.command in {"list", "show"}:
            _print_letters(arguments, [taken.letter for taken in chosen])
            done = True
        else:
            done = await _settle(arguments, queue, chosen)
    return 0 if done and not missing else 1


def _choose(taken: Sequence[Taken], ids: Sequence[str] | None) -> tuple[list[Taken], list[str]]:
    """Give the letters of these ids (None: all), which may be several for one id, and the ids that none has."""
    if ids is None:
        return list(taken), []
    there = {each.letter.id for each in taken}
    return [each for each in taken if each.letter.id in ids], [id_ for id_ in ids if id_ not in there]


def _print_letters(arguments: argparse.Namespace, letters: Sequence[Letter]) -> None:
    body = arguments.command == "show" and arguments.body
    if arguments.json:
        print(json.dumps([as_json(letter, body=body) for letter in letters], indent=2))
    elif not letters:
        print("No dead letters.")
    elif arguments.command == "list":
        print(table(letters), end="")
    else:
        print("\n".join(details(letter, body=body) for letter in letters), end="")


async def _settle(arguments: argparse.Namespace, queue: DeadLetterQueue, chosen: Sequence[Taken]) -> bool:
    """Replay or drop letters, and tell of each; say whether all went well. What no letter can get past ends it."""
    outcomes: list[Outcome] = []
    trouble: DeadLettersError | None = None
    for taken in chosen:
        try:
            outcomes.append(Outcome(taken.letter, await _settle_one(arguments, queue, taken)))
        except MessageRefusedError as error:
            outcomes.append(Outcome(taken.letter, "kept", str(error)))
        except DeadLettersError as error:
            outcomes.append(Outcome(taken.letter, "kept", str(error)))
            trouble = error
            break
    if arguments.json:
        print(json.dumps([outcome.as_json() for outcome in outcomes], indent=2))
    else:
        print("".join(f"{outcome}\n" for outcome in outcomes), end="")
        print(f"{len(chosen)} of {len(queue.taken)} letters chosen")
    if trouble is not None:
        raise trouble
    return not any(outcome.error for outcome in outcomes)


async def _settle_one(arguments: argparse.Namespace, queue: DeadLetterQueue, taken: Taken) -> str:
    letter = taken.letter
    if arguments.command == "drop":
        if arguments.dry_run:
            return "would be dropped"
        await queue.drop(taken)
        return "dropped"
    if arguments.dry_run:
        where = f"{letter.exchange or 'the default exchange'} with {letter.routing_key}"
        return f"would be replayed to {where} as {letter.sender or 'nobody'}"
    await queue.replay(taken)
    return "replayed"


if __name__ == "__main__":
    sys.exit(main())
