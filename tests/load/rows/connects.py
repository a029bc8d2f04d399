"""The gateway: connects a second, and memory for each connection, in a fresh process each turn."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from tests.load.results import Figure, at_least, at_most
from tests.load.row import Findings, Row, Sizes
from tests.load.scene.gateways import AT_ONCE, Listening, bare_server, gateway, strangers, write_members
from tests.load.scene.stage import Stage

_SETTLE_SECONDS = 0.5
_KIB = 1024


@dataclass
class Seen:
    """What one kind of server did, turn by turn."""

    a_second: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


async def run(stage: Stage, sizes: Sizes) -> Findings:
    members = strangers(stage.signer, sizes["people"])
    handshakes = write_members(stage.folder / "handshakes", [(person, "") for person, _ in members])
    tokens = write_members(stage.folder / "members", members)
    bare, ours = Seen(), Seen()
    found = Findings(settings={"connecting at once": str(AT_ONCE), "compression": "off"})
    for _ in range(sizes["turns"]):
        async with bare_server(stage) as plain:
            await _connect_all(stage, plain, handshakes, bare, found)
        with stage.broker.vhost() as vhost:
            async with gateway(stage, vhost) as serving:
                await _connect_all(stage, serving, tokens, ours, found)
    bare_name = "bare websockets"
    found.figures = [
        Figure(
            name="authenticated connects",
            unit="1/s",
            samples=tuple(ours.a_second),
            bare_name=bare_name,
            bare=tuple(bare.a_second),
            aim=at_least(0.6, of_bare=True),
        ),
        Figure(
            name="memory a connection",
            unit="KiB",
            samples=tuple(ours.memory),
            bare_name=bare_name,
            bare=tuple(bare.memory),
            aim=at_most(1.25, of_bare=True),
        ),
        Figure(
            name="CPU of the server a connect",
            unit="µs",
            samples=tuple(ours.cpu),
            bare_name=bare_name,
            bare=tuple(bare.cpu),
        ),
        Figure(
            name="share of a core of the load process",
            unit="",
            samples=tuple(ours.load),
            bare_name=bare_name,
            bare=tuple(bare.load),
        ),
    ]
    return found


async def _connect_all(stage: Stage, server: Listening, members: Path, seen: Seen, found: Findings) -> None:
    async with stage.tool("load", "tests.load.generator") as crowd:
        idle = (await crowd.ask("state"))["cpu_seconds"]
        memory, cpu = server.process.memory, server.process.cpu_seconds
        took = await crowd.ask("connect", url=server.url, members=str(members), at_once=AT_ONCE, decode=False)
        used = server.process.cpu_seconds - cpu
        await asyncio.sleep(_SETTLE_SECONDS)
        state = await crowd.ask("state")
        count = state["windows"]
        if state["live"] != count:
            found.lost.append(f"{state['live']} of {count} connections are open: {state['trouble']}")
        seen.a_second.append(count / took["seconds"])
        seen.cpu.append(used / count * 1e6)
        seen.load.append((state["cpu_seconds"] - idle) / took["seconds"])
        seen.memory.append((server.process.memory - memory) / count / _KIB)


ROW = Row(
    name="connects",
    question="How many people can connect to one gateway in a second, and what does each connection hold in memory?",
    bare="bare websockets: handshakes only, compression off",
    sizes={"people": 5_000, "turns": 3},
    quick={"people": 500, "turns": 2},
    run=run,
)
