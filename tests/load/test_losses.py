"""What the load finds missing, doubled or left out: a benchmark that cannot fail proves nothing."""

from typing import cast
from uuid import uuid4

import orjson

from tests.load.generator.crowd import Crowd, Member
from tests.load.scene.population import Somebody, Topic
from tests.load.scene.system import System
from tests.load.scene.traffic import Arrival, Windows

ANN, BOB = Somebody(uuid4(), "a"), Somebody(uuid4(), "b")
TOPIC = Topic(uuid4(), BOB, (ANN,))


def windows_of(*owners: Somebody) -> Windows:
    return Windows(cast("System", None), owners=[list(owners)])


def arrival(window: int, how: str = "frame") -> Arrival:
    return Arrival(1.0, ANN.id, window, str(TOPIC.id), how)


def crowd_of(seq: int = 0) -> Crowd:
    crowd = Crowd("ws://127.0.0.1:1/ws", [Member("a", "token", seq)], decode=True)
    crowd.heard(crowd.windows[0], orjson.dumps({"type": "READY", "payload": {}}))
    return crowd


def hear(crowd: Crowd, *seqs: int) -> None:
    for seq in seqs:
        frame = {"type": "NOTIFICATION", "payload": {"seq": seq, "task_id": f"task-{seq}"}}
        crowd.heard(crowd.windows[0], orjson.dumps(frame))


def test_every_window_of_a_watcher_has_to_hear_of_a_change() -> None:
    windows = windows_of(ANN, BOB, ANN)

    assert windows.missing([TOPIC], [arrival(0)]) == ["1 notifications never reached a window"]
    assert windows.missing([TOPIC], [arrival(0), arrival(2)]) == []


def test_change_that_a_sync_told_is_not_missing_and_not_doubled() -> None:
    assert windows_of(ANN).missing([TOPIC], [arrival(0, "sync"), arrival(0)]) == []


def test_frame_that_came_twice_is_found() -> None:
    assert windows_of(ANN).missing([TOPIC], [arrival(0), arrival(0)]) == ["1 frames came twice"]


def test_window_follows_the_numbers_of_its_inbox() -> None:
    crowd = crowd_of(seq=4)

    hear(crowd, 5, 6)

    assert crowd.windows[0].seq == 6
    assert [task for _, _, task, _ in crowd.arrivals] == ["task-5", "task-6"]
    assert not crowd.trouble


def test_window_that_finds_a_gap_stays_behind_until_a_sync_then_goes_on_from_what_came_meanwhile() -> None:
    crowd = crowd_of()

    hear(crowd, 1, 3, 4, 6)

    assert crowd.windows[0].seq == 1
    assert crowd.trouble["found a gap"] == 1
    crowd.synced(crowd.windows[0], 3)
    assert crowd.windows[0].seq == 4
    assert not crowd.behind


def test_frame_that_a_sync_had_told_is_dropped() -> None:
    crowd = crowd_of(seq=4)

    hear(crowd, 4)

    assert crowd.arrivals == []
    assert crowd.trouble["dropped, since a sync had told it"] == 1


def test_answers_to_heartbeats_are_not_counted_as_frames() -> None:
    crowd = Crowd("ws://127.0.0.1:1/ws", [Member("a", "token")], decode=False)
    crowd.heard(crowd.windows[0], b'{"type":"READY","payload":{}}')

    for text in (b'{"type":"PONG","payload":{}}', b'{"type":"RESYNC","payload":{}}', b'{"type":"REMOVED"}'):
        crowd.heard(crowd.windows[0], text)

    assert crowd.frames == 1
