from contracts.socket.frames import Notification
from notification_worker.api.application import PROBLEMS, notification_api
from notification_worker.commands.errors import CommandError


def test_every_error_of_a_command_is_a_problem() -> None:
    assert set(PROBLEMS) == set(CommandError.__subclasses__())


def test_a_notification_of_the_api_is_that_of_the_frames() -> None:
    described = notification_api().openapi()["components"]["schemas"]["Notification"]["properties"]
    assert set(described) == set(Notification.model_fields)
