import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.children import Child, Children, all_children
from infra.local.errors import ChildError
from infra.local.launcher import watch
from infra.local.leftovers import running, start_of, stop_leftovers

_SECONDS = 60
FOR_EVER = "while :; do sleep 0.05; done"


def until(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while not reached():
        assert time.monotonic() < deadline, f"not reached in time: {what}"
        time.sleep(0.01)


def start(
    children: Children, folder: Path, script: str, *, before: str = ":", name: str = "child", stage: int = 0
) -> Child:
    """Start a shell script, and wait until it has said that it is there: when `before` is done."""
    child = children.start(
        name,
        ["sh", "-c", f"{before}; echo started; {script}"],
        folder=folder,
        environment={"WORD": "swordfish"},
        stage=stage,
    )
    until(lambda: b"started" in child.log.read_bytes() or not child.running, f"{name} started")
    return child


def test_child_that_dies_is_found_with_the_end_of_its_log(tmp_path: Path) -> None:
    with all_children(tmp_path) as children:
        start(children, tmp_path, "sleep 60", name="healthy")
        child = start(children, tmp_path, "echo no memory for $WORD; exit 3", name="sick")
        until(lambda: children.dead() is not None, "death")
        assert children.dead() is child
        assert "sick stopped. The end of" in str(child.failure("stopped"))
        assert "    no memory for swordfish" in str(child.failure("stopped"))


def test_part_that_dies_ends_the_watch_over_all(tmp_path: Path) -> None:
    with all_children(tmp_path) as children:
        start(children, tmp_path, "sleep 60", name="healthy")
        start(children, tmp_path, "exit 3", name="sick")
        with pytest.raises(ChildError, match=r"sick stopped by itself \(exit code 3\)"):
            watch(children)
    assert running(tmp_path) == []


def test_children_are_stopped_stage_by_stage_in_reverse(tmp_path: Path) -> None:
    order = tmp_path / "order"
    trap = "trap 'echo {0} >> {1}; exit 0' TERM"
    with all_children(tmp_path) as children:
        for stage, name in enumerate(("server", "process")):
            start(children, tmp_path, FOR_EVER, before=trap.format(name, order), name=name, stage=stage)
        assert [process.name for process in running(tmp_path)] == ["server", "process"]
    assert order.read_text().split() == ["process", "server"]
    assert running(tmp_path) == []


def test_child_that_does_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.children.STOP_SECONDS", 0.1)
    with all_children(tmp_path) as children:
        child = start(children, tmp_path, FOR_EVER, before="trap '' TERM")
    assert child.process.returncode == -signal.SIGKILL


def test_command_that_fails_is_said_with_the_end_of_its_log(tmp_path: Path) -> None:
    with (
        all_children(tmp_path) as children,
        pytest.raises(ChildError, match=r"(?s)failed \(exit code 4\).*no such table"),
    ):
        children.run(
            "migrate",
            ["sh", "-c", "echo no such table; exit 4"],
            folder=tmp_path,
            environment={},
            stage=0,
            seconds=_SECONDS,
        )


def test_log_of_the_run_before_is_kept(tmp_path: Path) -> None:
    for word in ("first", "second"):
        with all_children(tmp_path) as children:
            start(children, tmp_path, "sleep 60", before=f"echo {word}")
    assert "first" in (tmp_path / "logs" / "child.previous.log").read_text()
    assert "first" not in (tmp_path / "logs" / "child.log").read_text()


def test_children_of_a_killed_launcher_stop(tmp_path: Path) -> None:
    script = f"""
import pathlib, signal
from infra.local.children import Children
home = pathlib.Path({str(tmp_path)!r})
Children(home).start("orphan", ["sleep", "60"], folder=home, environment={{}}, stage=0)
print("started", flush=True)
signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdout.readline() == "started\n"
        (orphan,) = running(tmp_path)
        # What asks the kernel to stop it with its launcher comes before it in the same process.
        until(lambda: Path(f"/proc/{orphan.pid}/comm").read_text() == "sleep\n", "the orphan's program")
        launcher.kill()
    until(lambda: not orphan.running, "the kernel stopped the orphan")


def test_leftover_is_stopped_and_a_stranger_with_its_number_is_not(tmp_path: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as mine:
        until(lambda: start_of(mine.pid) is not None, "start")
        record = tmp_path / "children.json"
        entry = f'{{"name": "sleep", "pid": {mine.pid}, "start": "%s", "stop_signal": 15}}'
        record.write_text(f"[{entry % 'another boot/12345'}]")
        assert stop_leftovers(tmp_path) == []
        assert mine.poll() is None
        record.write_text(f"[{entry % start_of(mine.pid)}]")
        assert stop_leftovers(tmp_path) == ["sleep"]
        assert mine.wait(_SECONDS) == -signal.SIGTERM
    assert not record.exists()
