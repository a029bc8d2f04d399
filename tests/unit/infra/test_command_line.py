from collections.abc import Callable

import pytest

from infra.command_line import run_command
from infra.errors import AddressInUseError
from infra.settings import BrokerUrls, Port, Settings


class ExampleSettings(Settings):
    port: Port
    broker: BrokerUrls


class ExpectedError(Exception):
    pass


def failing(error: Exception) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


def with_settings() -> int:
    ExampleSettings(_env_file=None, port=0, broker="amqps//secret")
    return 0


def test_a_command_gives_its_own_exit_code() -> None:
    assert run_command("example", lambda: 3) == 3


def test_wrong_settings_are_named_by_their_variables_without_their_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("example", with_settings) == 1

    said = capsys.readouterr().err
    assert said.startswith("example: TASKIFY_PORT: ")
    assert "TASKIFY_BROKER: " in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (AddressInUseError("127.0.0.1:8000 is taken"), "example: 127.0.0.1:8000 is taken\n"),
        (ConnectionRefusedError("refused"), "example: the database cannot be used: refused\n"),
        (ExpectedError("the key is damaged"), "example: the key is damaged\n"),
    ],
)
def test_trouble_with_a_machine_is_one_line(error: Exception, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("example", failing(error), ExpectedError) == 1

    assert capsys.readouterr().err == said


def test_a_mistake_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command("example", failing(ZeroDivisionError()))
