"""Run the Autobahn test suite: `python -m tests.autobahn --wstest PROGRAM [--echo CASES] [--gateway CASES]`.

Prints a table for each of the two servers, as it stands in docs/security.md, and what failed.

Exit codes: 0 no case failed against the echo but those of `KNOWN_TO_FAIL`, and the gateway is well; 1 it was not so;
2 the command line is wrong.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from infra.local.children import all_children, die_with_us
from tests.autobahn.echo import echoing
from tests.support.gateway import running_gateway, until
from tests.support.metrics import scrape
from tests.support.servers import running_broker
from tests.support.tokens import Signer, published

OK, FAILED = "OK", "FAILED"
BEHAVIOURS = (OK, "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", FAILED)
GROUPS = {
    "1": "framing",
    "2": "pings and pongs",
    "3": "reserved bits",
    "4": "opcodes",
    "5": "fragmentation",
    "6": "UTF-8",
    "7": "closing",
    "9": "limits: large messages, many messages",
    "10": "fragments that are sent by themselves",
    "12": "compression",
    "13": "compression",
}
KNOWN_TO_FAIL = {
    **dict.fromkeys(
        ("9.3.1", "9.3.2", "9.3.3", "9.4.1", "9.4.2", "9.4.3"), "a message of over 4,096 fragments gets 1009"
    ),
    "7.1.5": "a page that closes within a message in parts gets 1002 instead of its own code",
}
"""Cases that fail by what the library means to do, and why; one that passes after all is told of as wrong."""

_AUTH_SECONDS = 1.0
_ERROR_LEVELS = {"error", "critical"}

Report = dict[str, dict[str, Any]]


def say(text: str) -> None:
    print(text, flush=True)


async def run_suite(wstest: str, folder: Path, url: str, cases: list[str]) -> Report:
    """Let the suite drive a server; gives what it found by case.

    Raises:
        RuntimeError: it could not be run, or left no report.
    """
    specification = folder / "specification.json"
    servers = [{"agent": "taskify", "url": url}]
    specification.write_text(
        json.dumps({"outdir": str(folder), "servers": servers, "cases": cases, "exclude-cases": []})
    )
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *die_with_us(signal.SIGTERM),
            wstest,
            "--mode",
            "fuzzingclient",
            "--spec",
            str(specification),
            env={"PATH": os.defpath},
            stdout=log,
            stderr=log,
        )
        code = await process.wait()
    index = folder / "index.json"
    if code or not index.exists():
        raise RuntimeError(f"wstest ended with {code}: {(folder / 'log').read_text()[-2_000:]}")
    found: Report = json.loads(index.read_text())["taskify"]
    return found


def table(found: Report) -> list[str]:
    """Count by group of cases and what came of them."""
    counts: dict[str, Counter[str]] = {}
    for case, result in found.items():
        counts.setdefault(case.partition(".")[0], Counter())[result["behavior"]] += 1
    lines = ["| cases | of what | " + " | ".join(BEHAVIOURS) + " |", "|---" * (2 + len(BEHAVIOURS)) + "|"]
    for group in sorted(counts, key=int):
        row = " | ".join(str(counts[group][behaviour] or "") for behaviour in BEHAVIOURS)
        lines.append(f"| {group}.* | {GROUPS.get(group, '')} | {row} |")
    return lines


async def echo(wstest: str, folder: Path, cases: list[str]) -> list[str]:
    """Run against the echo; give what is wrong."""
    async with echoing() as url:
        found = await run_suite(wstest, folder, url, cases)
    say(f"Echo on a gateway's sockets, {len(found)} cases:\n" + "\n".join(table(found)))
    not_strict = [case for case, result in found.items() if result["behavior"] == "NON-STRICT"]
    failed = {case for case, result in found.items() if FAILED in (result["behavior"], result["behaviorClose"])}
    say(f"not strict: {', '.join(not_strict)}")
    for case in sorted(failed & KNOWN_TO_FAIL.keys()):
        say(f"{case} fails as it is known to: {KNOWN_TO_FAIL[case]}")
    return [
        *(f"{case}: {_why(folder, found[case])}" for case in sorted(failed - KNOWN_TO_FAIL.keys())),
        *(f"{case} does not fail any more" for case in sorted(KNOWN_TO_FAIL.keys() & found.keys() - failed)),
    ]


def _why(folder: Path, result: dict[str, Any]) -> str:
    """Say what the suite's own report of a case says."""
    told = json.loads((folder / result["reportfile"]).with_suffix(".json").read_text())
    return f"{told['result']} {told['resultClose']} Closed with {told['remoteCloseCode']} {told['remoteCloseReason']}"


async def gateway(wstest: str, folder: Path, cases: list[str]) -> list[str]:
    """Run against a gateway on a real broker; give what is wrong."""
    loud = _Errors()
    logging.getLogger().addHandler(loud)
    with ExitStack() as stack:
        children = stack.enter_context(all_children(folder))
        broker = stack.enter_context(running_broker(children, folder / "rabbitmq"))
        vhost = stack.enter_context(broker.vhost())
        keys = stack.enter_context(published(Signer()))
        logged = stack.enter_context(capture_logs())
        async with running_gateway(
            vhost.gateway, keys, socket_auth_seconds=_AUTH_SECONDS, socket_connections_an_address=1_000
        ) as running:
            report = folder / "report"
            report.mkdir()
            found = await run_suite(wstest, report, running.url, cases)

            async def empty() -> bool:
                return (await scrape(running.http)).value("taskify_gateway_connections") == 0

            await until(empty, "the gateway to be empty")
            wrong = [] if (await running.readiness()).is_success else ["the gateway is not ready afterwards"]
            families = (await scrape(running.http)).families
    ends = Counter(
        {
            sample.labels["code"]: int(sample.value)
            for family in families
            for sample in family.samples
            if sample.name == "taskify_gateway_closes_total" and sample.value
        }
    )
    closings = Counter(result["behaviorClose"] for result in found.values())
    codes = Counter(str(result["remoteCloseCode"]) for result in found.values())
    say(f"\nA gateway, {len(found)} cases; {ends.total()} connections ended:")
    say(f"by the gateway's own count, by code: {dict(sorted(ends.items()))}")
    say(f"by the suite, the code it was closed with: {dict(sorted(codes.items()))}")
    say(f"by the suite, how the connection ended: {dict(sorted(closings.items()))}")
    wrong += [f"logged: {entry}" for entry in logged if entry["log_level"] in _ERROR_LEVELS]
    return wrong + [f"logged: {line}" for line in loud.lines]


class _Errors(logging.Handler):
    """Keeps what a library logs as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


async def main(wstest: str, folder: Path, on_echo: list[str], on_gateway: list[str]) -> int:
    (folder / "echo").mkdir()
    (folder / "gateway").mkdir()
    wrong = await echo(wstest, folder / "echo", on_echo) if on_echo else []
    wrong += await gateway(wstest, folder / "gateway", on_gateway) if on_gateway else []
    say("\n" + ("\n".join(["WRONG:", *wrong]) if wrong else "Nothing failed."))
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tests.autobahn", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wstest", required=True, help="the suite's program")
    parser.add_argument("--echo", default="*", help="cases against the echo, with commas; empty for none")
    parser.add_argument(
        "--gateway", default="1.*,2.*,3.*,4.*,5.*,6.*,7.*,10.*", help="cases against a gateway, with commas; or none"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="taskify-autobahn-") as name:
        Path(name).chmod(0o755)
        wanted = [[case for case in cases.split(",") if case] for cases in (chosen.echo, chosen.gateway)]
        sys.exit(asyncio.run(main(chosen.wstest, Path(name), *wanted)))
