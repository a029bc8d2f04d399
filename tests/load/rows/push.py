"""The gateway: from the stream to thousands of connected people, one process."""

from tests.load.results import Figure, at_least
from tests.load.row import Findings, Row, Sizes
from tests.load.scene.gateways import (
    AT_ONCE,
    FRAME_BYTES,
    bare_server,
    deliveries,
    gateway,
    publish,
    strangers,
    write_members,
)
from tests.load.scene.process import Measured
from tests.load.scene.sampling import Sampler
from tests.load.scene.stage import Stage

LOAD = "tests.load.generator"
_LONGEST_SECONDS = 60


async def run(stage: Stage, sizes: Sizes) -> Findings:
    people, rounds = sizes["people"], sizes["rounds"]
    members = strangers(stage.signer, people)
    found = Findings(settings={"frame": f"{FRAME_BYTES} bytes", "people a message": "100"})
    bare, bare_cpu, ours, ours_cpu, load = [], [], [], [], []
    with stage.broker.vhost() as vhost:
        async with (
            bare_server(stage) as plain,
            gateway(stage, vhost) as pushing,
            stage.tool("load-bare", LOAD) as bare_crowd,
            stage.tool("load-ours", LOAD) as our_crowd,
        ):
            handshakes = write_members(stage.folder / "handshakes", [(person, "") for person, _ in members])
            tokens = write_members(stage.folder / "members", members)
            await bare_crowd.ask("connect", url=plain.url, members=str(handshakes), at_once=AT_ONCE, decode=False)
            await our_crowd.ask("connect", url=pushing.url, members=str(tokens), at_once=AT_ONCE, decode=False)
            for turn in range(sizes["turns"]):
                rate, cpu = await _bare_turn(plain.process, bare_crowd, people, rounds)
                bare.append(rate)
                bare_cpu.append(cpu)
                # It stands still while the stream is filled, so that filling takes no time from it.
                pushing.process.freeze()
                bodies = deliveries([person for person, _ in members], turn * rounds + 1, rounds)
                await publish(vhost.notification_worker, bodies)
                before, load_before = pushing.process.cpu_seconds, our_crowd.cpu_seconds
                await our_crowd.ask("expect", frames=people * rounds)
                watched = {"gateway": pushing.process.use, "load": our_crowd.use}
                async with Sampler.watching(watched, stage.servers) as sampler:
                    pushing.process.thaw()
                    came = await our_crowd.ask("counted", seconds=_LONGEST_SECONDS)
                state = await our_crowd.ask("state")
                assert came["frames"] == people * rounds, f"{came['frames']} of {people * rounds} frames came: {state}"
                seconds = came["last_at"] - came["first_at"]
                ours.append(came["frames"] / seconds)
                ours_cpu.append((pushing.process.cpu_seconds - before) / came["frames"] * 1e6)
                load.append((our_crowd.cpu_seconds - load_before) / seconds)
                found.processes = sampler.uses
    found.figures = [
        Figure(
            name="frames pushed",
            unit="1/s",
            samples=tuple(ours),
            bare_name="websockets in a loop",
            bare=tuple(bare),
            aim=at_least(0.75, of_bare=True),
        ),
        Figure(
            name="CPU of the server a frame",
            unit="µs",
            samples=tuple(ours_cpu),
            bare_name="websockets in a loop",
            bare=tuple(bare_cpu),
        ),
        Figure(name="share of a core of the load process", unit="", samples=tuple(load)),
    ]
    return found


async def _bare_turn(server: Measured, crowd: Measured, people: int, rounds: int) -> tuple[float, float]:
    await crowd.ask("expect", frames=people * rounds)
    took = await server.ask("push", rounds=rounds, bytes=FRAME_BYTES)
    came = await crowd.ask("counted", seconds=_LONGEST_SECONDS)
    return came["frames"] / (came["last_at"] - came["first_at"]), took["cpu_seconds"] / came["frames"] * 1e6


ROW = Row(
    name="push",
    question="How many frames a second does one gateway push from the stream to 5,000 connected people?",
    bare="websockets sending as many frames of the same size in a bare loop",
    sizes={"people": 5_000, "rounds": 20, "turns": 3},
    quick={"people": 1_000, "rounds": 20, "turns": 2},
    run=run,
)
