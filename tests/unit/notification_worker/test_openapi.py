from notification_worker.__main__ import OPENAPI
from notification_worker.app import describe


def test_the_description_that_is_checked_in_is_what_the_api_says() -> None:
    assert describe(OPENAPI, check=True) == 0
