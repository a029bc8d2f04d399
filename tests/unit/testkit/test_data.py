"""What the test kit brings is what the contracts say, and nothing of it is Taskify's code."""

import ast
import sys
import zipfile
from pathlib import Path
from subprocess import check_call

import pytest

from contracts.events import EVENTS, parse_event, type_of
from contracts.generate import stale
from contracts.testkit.generate import DATA, generated
from contracts.topology import BINDINGS, DOMAIN_EVENTS, matches, user_of_another_service
from taskify_testkit import taskify_samples
from taskify_testkit.errors import SettingsError
from taskify_testkit.facts import broker, schema
from taskify_testkit.streams import patterns_of

KIT = DATA.parents[2]
OURS = {"contracts", "infra", "task_service", "notification_worker", "ws_gateway", "tests"}


def test_the_data_is_what_the_contracts_say() -> None:
    assert stale(generated(), DATA) == []


@pytest.mark.parametrize("event", EVENTS, ids=type_of)
def test_every_sample_is_read_as_its_type(event: type) -> None:
    samples = taskify_samples(type_of(event))

    assert {sample.name.partition("-")[0] for sample in samples} >= {"complete", "minimal", "unknown_fields"}
    assert {type(parse_event(sample.body)) for sample in samples} == {event}
    assert schema(type_of(event))["title"] == event.__name__


def test_an_unknown_type_has_no_samples_and_a_close_one_is_named() -> None:
    with pytest.raises(ValueError, match=r"perhaps 'taskify\.task\.assigned\.v1'"):
        taskify_samples("taskify.task.asigned.v1")


def test_a_service_gets_the_rights_that_the_topology_gives_it() -> None:
    expected, rights = user_of_another_service("billing"), broker().rights
    (topic,) = expected.topics

    assert (rights.configure, rights.write, rights.read) == (expected.configure, expected.write, expected.read)
    assert rights.topic_write.replace(rights.template_name, "billing") == topic.write
    assert rights.topic_read == topic.read


def test_the_words_to_listen_to_are_of_every_lane() -> None:
    assert patterns_of(["task.assigned", "user.registered"]) == ("task.assigned.*", "user.registered")
    assert len(patterns_of([])) == len(EVENTS)
    with pytest.raises(SettingsError, match=r"perhaps 'task\.assigned'"):
        patterns_of(["task.asigned"])


def test_listening_takes_no_message_that_nobody_else_takes() -> None:
    """A queue of the test kit must not make a message that is unrouted look routed."""
    bound = {binding.routing_key for binding in BINDINGS if binding.exchange == DOMAIN_EVENTS}

    assert set(broker().bound_routing_keys) == bound
    for pattern in patterns_of([]):
        assert any(matches(key, pattern.replace("*", "0")) for key in bound), pattern


def test_no_module_imports_code_of_taskify() -> None:
    imported = {
        name.partition(".")[0]
        for path in (KIT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }

    assert imported & OURS == set()
    assert "taskify_testkit" in imported


def test_the_wheel_holds_the_test_kit_and_no_other_name(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    check_call([*pip, "wheel", *options, str(KIT)])
    (wheel,) = tmp_path.iterdir()

    names = zipfile.ZipFile(wheel).namelist()

    assert {name.partition("/")[0] for name in names} == {"taskify_testkit", "taskify_testkit-0.1.0.dist-info"}
    assert {f"taskify_testkit/data/{name}" for name in generated()} <= set(names)
    assert "taskify_testkit/py.typed" in names
