"""One event with very many watchers: what it costs, and what others feel of it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
from uuid_utils.compat import uuid7

from tests.load.generator.http import HttpClient
from tests.load.results import Figure, Line, Plot, at_most, percentile
from tests.load.row import Findings, Row, Sizes
from tests.load.scene.population import Somebody, Topic, add_topics, settle, write_topics
from tests.load.scene.sampling import Sampler
from tests.load.scene.stage import Stage
from tests.load.scene.system import System, running_system
from tests.load.scene.traffic import CONNECTIONS, Arrival, Changes, Windows, event_times

OTHERS_WATCHERS = 2
AUDIENCE_WINDOWS = 50
_PATIENCE_SECONDS = 120.0
_POLL_SECONDS = 0.05
_TOLD = "SELECT count(*), extract(epoch FROM max(event_time))::float8 FROM notifications WHERE task_id = $1"


@dataclass
class Told:
    """Of one large event: seconds until the last was told, and how late frames of others were, in ms, by moment."""

    seconds: float
    frames_seconds: float
    delay_of_others: float
    course: list[tuple[float, float]]
    lost: list[str] = field(default_factory=list)


async def run(stage: Stage, sizes: Sizes) -> Findings:
    found = Findings(settings={"windows of an audience": f"{AUDIENCE_WINDOWS}, spread over all of it"})
    small, large = sizes["small_audience"], sizes["large_audience"]
    told: dict[int, list[Told]] = {small: [], large: []}
    async with running_system(stage) as system:
        others, audience = await settle(system, sizes["others"]), await settle(system, large)
        owners = [*others, *dict.fromkeys((*_spread(audience[:small]), *_spread(audience)))]
        async with Windows.opened(system, owners) as windows:
            watched = {name: process.use for name, process in {**system.processes, **windows.processes}.items()}
            async with Sampler.watching(watched, stage.servers) as sampler:
                for _ in range(sizes["turns"]):
                    for count, seen in told.items():
                        large_event = Topic(uuid7(), others[0], tuple(audience[:count]))
                        seen.append(await _tell(system, windows, others, large_event, sizes))
    cost = {count: tuple(one.seconds / count * 1e6 for one in seen) for count, seen in told.items()}
    found.processes = sampler.uses
    found.lost = [what for seen in told.values() for one in seen for what in one.lost]
    found.figures = [
        Figure(
            name=f"cost of each of {large:,} watchers",
            unit="µs",
            samples=cost[large],
            bare_name=f"each of {small:,}",
            bare=cost[small],
            aim=at_most(1.3, of_bare=True),
        ),
        *(
            _figure(f"{count:,} watchers: until all are told", "s", [one.seconds for one in told[count]])
            for count in told
        ),
        *(
            _figure(
                f"{count:,} watchers: until its last window knows", "s", [one.frames_seconds for one in told[count]]
            )
            for count in told
        ),
        *(
            Figure(
                name=f"{count:,} watchers: others delayed by at most",
                unit="ms",
                samples=tuple(one.delay_of_others for one in seen),
                aim=at_most(200),
            )
            for count, seen in told.items()
        ),
    ]
    found.plots = [
        Plot(
            title="How late frames of others were around the event, last turn",
            x="seconds after the event",
            y="ms",
            lines=tuple(
                Line(name=f"{count:,} watchers", points=tuple(seen[-1].course)) for count, seen in told.items()
            ),
        )
    ]
    return found


def _spread(audience: Sequence[Somebody]) -> Sequence[Somebody]:
    """Choose some of an audience, the last among them: people are told in the order of their ids, and made in it."""
    step = max(1, len(audience) // AUDIENCE_WINDOWS)
    return audience[::-1][::step]


def _figure(name: str, unit: str, samples: list[float]) -> Figure:
    return Figure(name=name, unit=unit, samples=tuple(samples))


async def _tell(
    system: System,
    windows: Windows,
    others: Sequence[Somebody],
    large: Topic,
    sizes: Sizes,
) -> Told:
    """Let others work on, comment on a task that a whole audience watches, and see what that does to them."""
    await write_topics(system, [large])
    small = await add_topics(system, others, sizes["changes_a_second"] * sizes["seconds"], OTHERS_WATCHERS)
    changes, event = Changes(small), Changes([large])
    async with HttpClient(system.addresses.api, CONNECTIONS) as client:

        async def large_event() -> float:
            await asyncio.sleep(sizes["seconds"] / 2)
            await event.send(client, 1)
            assert event.accepted, f"the event itself was refused: {event.refusals}"
            return await _until_told(system, large)

        async with asyncio.TaskGroup() as group:
            group.create_task(changes.send(client, sizes["changes_a_second"]))
            telling = group.create_task(large_event())
    seconds = telling.result()
    expected = [*changes.accepted, *event.accepted]
    await windows.until_heard(expected)
    arrivals = await windows.arrivals()
    told = await _judge(system, expected, str(large.id), arrivals, seconds)
    told.lost += windows.missing(expected, arrivals)
    return told


async def _judge(
    system: System, topics: Sequence[Topic], large: str, arrivals: Sequence[Arrival], seconds: float
) -> Told:
    happened = await event_times(system, topics)
    at = happened[large]
    course = [
        (one.at - at, (one.at - happened[one.task_id]) * 1000)
        for one in arrivals
        if one.task_id in happened and one.task_id != large
    ]
    before = sorted(late for moment, late in course if moment < 0)
    # What happened while the audience was told, or was under way then, however late it came.
    during = [late for moment, late in course if moment >= 0 and moment - late / 1000 <= seconds + 1]
    return Told(
        seconds,
        max((one.at - at for one in arrivals if one.task_id == large), default=0.0),
        max(0.0, max(during, default=0.0) - percentile(before, 50)),
        course,
    )


async def _until_told(system: System, topic: Topic) -> float:
    """Wait until everybody's notification is committed; give how long that was after the event's own time."""
    connection = await asyncpg.connect(system.notification_url)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        count, happened = (await connection.fetch(_TOLD, topic.id))[0]
        if count >= len(topic.watchers):
            break
        assert time.monotonic() < deadline, f"only {count} of {len(topic.watchers)} were told"
        await asyncio.sleep(_POLL_SECONDS)
    told_at = time.time()
    await connection.close()
    return told_at - float(happened)


ROW = Row(
    name="audience",
    question="What does one event with 1,000 and with 10,000 watchers cost, and how long does it hold others up?",
    bare="the cost of each of 1,000 watchers; others at rest",
    sizes={
        "small_audience": 1_000,
        "large_audience": 10_000,
        "others": 200,
        "changes_a_second": 20,
        "seconds": 10,
        "turns": 3,
    },
    quick={"small_audience": 100, "large_audience": 1_000, "others": 50, "seconds": 4, "turns": 1},
    run=run,
)
