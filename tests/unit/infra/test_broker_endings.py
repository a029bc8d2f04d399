"""How the client library ends what is under way, told in words of ours."""

import pytest

from infra.broker import BrokerAwayError, MessageNackedError
from infra.broker.connection import endings_told


def test_a_bare_exception_is_the_end_of_the_connection() -> None:
    bare = Exception()
    with pytest.raises(BrokerAwayError) as told, endings_told():
        raise bare

    assert told.value.__cause__ is bare


@pytest.mark.parametrize(
    "error", [MessageNackedError("full"), ValueError("odd"), RuntimeError("closed"), OSError("gone")]
)
def test_every_other_error_says_what_it_is_by_itself(error: Exception) -> None:
    with pytest.raises(type(error)) as told, endings_told():
        raise error

    assert told.value is error
