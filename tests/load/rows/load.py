"""The whole system under load: many windows, changes on schedule, and how late each frame is."""

from dataclasses import replace
from itertools import pairwise

from tests.load.generator.http import HttpClient
from tests.load.results import Aim, Figure, Line, Plot, at_most, distribution, percentile
from tests.load.row import Findings, Row, Sizes
from tests.load.scene.population import add_topics, settle
from tests.load.scene.sampling import Sampler
from tests.load.scene.stage import Stage
from tests.load.scene.system import System, running_system
from tests.load.scene.traffic import CONNECTIONS, Changes, Windows, event_times

WARM_UP_SECONDS = 2
_PLOTTED = 400

AIMS = {50: None, 95: at_most(150), 99: at_most(400)}
STALL_AIM = at_most(250)


async def run(stage: Stage, sizes: Sizes) -> Findings:
    async with running_system(stage) as system:
        return await under_load(system, sizes, AIMS, STALL_AIM)


async def under_load(system: System, sizes: Sizes, aims: dict[int, Aim | None], stall_aim: Aim | None) -> Findings:
    """Open the windows, send the changes on schedule, and judge what came."""
    people = await settle(system, sizes["people"])
    count = sizes["changes_a_second"] * (sizes["seconds"] + WARM_UP_SECONDS)
    topics = await add_topics(system, people, count, sizes["watchers"])
    changes = Changes(topics)
    owners = [people[number % len(people)] for number in range(sizes["windows"])]
    async with Windows.opened(system, owners) as windows:
        watched = {name: process.use for name, process in {**system.processes, **windows.processes}.items()}
        async with (
            HttpClient(system.addresses.api, CONNECTIONS) as client,
            Sampler.watching(watched, system.stage.servers) as sampler,
        ):
            await changes.send(client, sizes["changes_a_second"])
            await windows.until_heard(changes.accepted)
        # First: to write the arrivals into a file holds the load process up, when nothing is measured any more.
        states = await windows.states()
        arrivals = await windows.arrivals()
    happened = await event_times(system, topics)
    start = min(changes.due.values()) + WARM_UP_SECONDS
    counted = [one for one in arrivals if changes.due.get(one.task_id, 0) >= start]
    late = sorted((one.at - happened[one.task_id]) * 1000 for one in counted)
    by_due = sorted((one.at - changes.due[one.task_id]) * 1000 for one in counted)
    moments = [one.at for one in counted]
    gaps = [(after - before) * 1000 for before, after in pairwise(moments)]
    found = Findings(processes=sampler.uses, lost=windows.missing(changes.accepted, arrivals))
    found.figures = [
        *(
            _figure(f"event to decoded frame, p{percent}", percentile(late, percent), aim)
            for percent, aim in aims.items()
        ),
        _figure("event to decoded frame, longest", late[-1] if late else 0.0),
        _figure("longest time in which no frame came", max(gaps, default=0.0), stall_aim),
        _figure("from when the change was due, p99", percentile(by_due, 99)),
        _figure("due to HTTP answer, p99", percentile(sorted(changes.answer_seconds), 99) * 1000),
        _refused(changes),
        Figure(
            name="frames decoded",
            unit="1/s",
            samples=(len(counted) / max(1e-9, moments[-1] - moments[0]) if len(moments) > 1 else 0.0,),
        ),
        _figure("load process: its own timers late by at most", max(state["latest_timer"] for state in states) * 1000),
    ]
    found.plots = [
        Plot(title="Event to decoded frame", x="ms", y="% of frames", lines=(distribution("frames", late),)),
        _over_time([(one.at - start, (one.at - happened[one.task_id]) * 1000) for one in counted]),
        sampler.memory_plot,
    ]
    found.notes = [
        *changes.refusals,
        f"{len(arrivals):,} frames of {count:,} changes; seen by the windows: {_trouble(states)}",
    ]
    return found


def _refused(changes: Changes) -> Figure:
    return Figure(name="changes refused", unit="", samples=(changes.refused,), aim=at_most(0))


def _figure(name: str, value: float, aim: Aim | None = None) -> Figure:
    return Figure(name=name, unit="ms", samples=(value,), aim=aim)


def _over_time(points: list[tuple[float, float]]) -> Plot:
    """Draw the median and the latest of each slice of time."""
    if not points:
        return Plot(title="Latency over time", x="seconds", y="ms", lines=())
    width = max(points[-1][0] / _PLOTTED, 1e-3)
    slices: dict[int, list[float]] = {}
    for at, value in points:
        slices.setdefault(int(at / width), []).append(value)
    medians = tuple((number * width, percentile(sorted(values), 50)) for number, values in sorted(slices.items()))
    latest = tuple((number * width, max(values)) for number, values in sorted(slices.items()))
    lines = (Line(name="latest", points=latest), Line(name="median", points=medians))
    return Plot(title="Latency over time", x="seconds", y="ms", lines=lines)


def _trouble(states: list[dict[str, dict[str, int]]]) -> str:
    seen = {
        what: sum(state["trouble"].get(what, 0) for state in states) for state in states for what in state["trouble"]
    }
    return ", ".join(f"{what} {count}" for what, count in seen.items()) or "no trouble"


ROW = Row(
    name="load",
    question="With 5,000 windows of 2,500 people and 100 changes a second, how late is a frame, and is any lost?",
    bare="the 2 s of the requirement; changes are sent on schedule, and time runs from the event's own time",
    sizes={
        "windows": 5_000,
        "people": 2_500,
        "changes_a_second": 100,
        "watchers": 5,
        "seconds": 120,
    },
    quick={"windows": 500, "people": 250, "changes_a_second": 30, "seconds": 6},
    run=run,
)
SMALL = replace(
    ROW,
    name="load-500",
    question="The same with 500 windows: what do the other 4,500 cost?",
    sizes={**ROW.sizes, "windows": 500, "people": 250},
    quick={"windows": 100, "people": 50, "changes_a_second": 30, "seconds": 4},
)


async def run_crowd(stage: Stage, sizes: Sizes) -> Findings:
    """Two gateways share the windows, and each has a load process of its own."""
    async with running_system(stage) as system, system.another_gateway():
        found = await under_load(system, sizes, dict.fromkeys((50, 95, 99)), None)
    found.figures.append(
        Figure(
            name="memory of both gateways at most",
            unit="MiB",
            samples=(sum(use.memory_peak for use in found.processes if use.name.startswith("gateway")),),
        )
    )
    return found


CROWD = Row(
    name="crowd",
    question="Do two gateways hold 20,000 windows, at what memory and how late?",
    bare="the 2 s of the requirement; two load processes, since a process may open 20,000 files",
    sizes={
        "windows": 20_000,
        "people": 10_000,
        "changes_a_second": 20,
        "watchers": 5,
        "seconds": 60,
    },
    quick={"windows": 1_000, "people": 500, "changes_a_second": 20, "seconds": 4},
    run=run_crowd,
)
