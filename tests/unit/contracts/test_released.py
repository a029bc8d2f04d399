import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from contracts.compatibility import __main__ as command
from contracts.compatibility.released import (
    RELEASED,
    SCHEMAS,
    ReleaseError,
    check,
    parse_version,
    read_set,
    release,
    versions,
)
from contracts.compatibility.samples import LATER, samples
from contracts.events import EVENTS, parse_event, type_of

GOLDEN = sorted((RELEASED / "samples").rglob("*.json"))


def test_the_present_contracts_break_nobody() -> None:
    assert check() == []


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_released_event_is_still_read_with_all_that_it_says(path: Path) -> None:
    event = parse_event(path.read_bytes())

    assert event.type == path.parent.name
    assert_says(json.loads(event.model_dump_json()), json.loads(path.read_text()))


def assert_says(read: Any, written: Any) -> None:
    """Every value that was written is there, but for those that nobody knew when it was."""
    if isinstance(written, dict):
        for name in written.keys() - {LATER}:
            assert_says(read[name], written[name])
    elif isinstance(written, list):
        assert len(read) == len(written)
        for each, expected in zip(read, written, strict=True):
            assert_says(each, expected)
    else:
        assert read == written


def test_there_are_samples_of_every_released_type_of_event() -> None:
    released = {path.stem for version in RELEASED.glob("*/events") for path in version.glob("*.json")}

    assert released >= {type_of(event) for event in EVENTS}
    for type_ in released:
        kinds = {path.stem.partition("-")[0] for path in (RELEASED / "samples" / type_).glob("*.json")}
        assert kinds == {"complete", "minimal", "unknown_fields"}, type_


def test_a_minimal_sample_holds_what_is_required_and_nothing_else() -> None:
    minimal = json.loads(samples(read_set(SCHEMAS))["taskify.notification.requested.v1/minimal"])

    assert set(minimal) == {"specversion", "id", "type", "source", "time", "data"}
    assert set(minimal["data"]) == {"recipients", "kind", "message"}


@pytest.fixture
def present(tmp_path: Path) -> Path:
    folder = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, folder)
    return folder


@pytest.fixture
def released(tmp_path: Path, present: Path) -> Path:
    folder = tmp_path / "released"
    release((1, 0, 0), present, folder)
    return folder


def harm(present: Path) -> None:
    path = present / "socket" / "close_codes.json"
    codes = json.loads(path.read_text())
    del codes["4401"]
    path.write_text(json.dumps(codes))


def test_a_release_is_a_copy_of_the_present_and_adds_samples_only_where_they_are_new(
    present: Path, released: Path
) -> None:
    release((1, 1, 0), present, released)

    assert versions(released) == [(1, 0, 0), (1, 1, 0)]
    assert read_set(released / "1.1.0") == read_set(present)
    assert not list((released / "samples").rglob("*-1.1.0.json"))


def test_a_break_against_the_last_released_set_is_found(present: Path, released: Path) -> None:
    harm(present)

    assert check(present, released) == ["socket/close_codes.json: close code 4401 was removed"]


def test_a_break_is_released_only_under_the_next_first_number(present: Path, released: Path) -> None:
    harm(present)

    with pytest.raises(ReleaseError, match="raise the first number"):
        release((1, 1, 0), present, released)
    release((2, 0, 0), present, released)

    assert check(present, released) == []


def test_a_released_set_is_never_written_again(present: Path, released: Path) -> None:
    with pytest.raises(ReleaseError, match=r"last released version is 1\.0\.0"):
        release((1, 0, 0), present, released)


def test_versions_are_ordered_as_numbers(present: Path, released: Path) -> None:
    for version in ((1, 2, 0), (1, 10, 0)):
        release(version, present, released)

    assert versions(released)[-1] == (1, 10, 0)


@pytest.mark.parametrize("text", ["", "1", "1.0", "v1.0.0", "1.0.0-beta", "one"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ReleaseError, match="not a version"):
        parse_version(text)


@pytest.mark.parametrize(("found", "code"), [([], 0), (["problem.json: it was removed"], 1)])
def test_the_command_fails_when_something_breaks(
    found: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "check", lambda: found)
    monkeypatch.setattr("sys.argv", ["compatibility", "check"])

    assert command.main() == code
    assert all(told in capsys.readouterr().err for told in found)
