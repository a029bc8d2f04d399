"""The fixtures, as a plugin of pytest.

pytest loads this in every run of a project that has it installed, so all that costs time is imported where it is used.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from taskify_testkit.settings import OPTIONS, read_settings, service_name

if TYPE_CHECKING:
    from taskify_testkit.addresses import Addresses
    from taskify_testkit.background import Background
    from taskify_testkit.contract import Contract
    from taskify_testkit.system import System
    from taskify_testkit.taskify import Taskify


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the options that a project sets in its configuration."""
    for name, meaning in OPTIONS.items():
        parser.addini(name, meaning, type="string", default="")


@pytest.fixture(scope="session")
def taskify_contract(pytestconfig: pytest.Config) -> "Contract":
    """What Taskify and your service have agreed on; judges events, and needs no container."""
    from taskify_testkit.contract import Contract  # noqa: PLC0415 (see above)

    return Contract(service_name(pytestconfig))


@pytest.fixture(scope="session")
def taskify_addresses(pytestconfig: pytest.Config) -> Iterator["Addresses"]:
    """Where Taskify is: in containers that are started now, or where the options say that one runs."""
    from taskify_testkit.addresses import addresses_of  # noqa: PLC0415 (see above)

    settings = read_settings(pytestconfig)
    with ExitStack() as opened:
        if settings.running is None:
            from taskify_testkit.containers import started  # noqa: PLC0415 (see above)

            yield opened.enter_context(started(settings.images))
        else:
            running = settings.running
            yield addresses_of(running.url, running.administrator_url, running.management_url)


@pytest.fixture(scope="session")
def _taskify_background() -> Iterator["Background"]:
    from taskify_testkit.background import Background  # noqa: PLC0415 (see above)

    background = Background()
    yield background
    background.close()


@pytest.fixture(scope="session")
def _taskify_system(
    pytestconfig: pytest.Config,
    taskify_contract: "Contract",
    taskify_addresses: "Addresses",
    _taskify_background: "Background",
) -> Iterator["System"]:
    from taskify_testkit.system import System  # noqa: PLC0415 (see above)

    running = read_settings(pytestconfig).running
    own_url = None if running is None else running.amqp_url
    system = _taskify_background.wait(System.connect(taskify_addresses, taskify_contract, own_url))
    yield system
    _taskify_background.wait(system.close())


@pytest.fixture
def taskify(_taskify_system: "System", _taskify_background: "Background") -> Iterator["Taskify"]:
    """A running Taskify, to one test of your service: its people are new, its processes are the session's."""
    from taskify_testkit.taskify import Taskify  # noqa: PLC0415 (see above)

    with Taskify(_taskify_system, _taskify_background) as taskify:
        yield taskify
