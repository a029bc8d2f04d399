"""Every error of a use case is a problem: of its own, or of the one above it."""

from collections.abc import Iterator

import pytest

from task_service.api.errors import PROBLEMS, WRONG_FIELDS
from task_service.commands.errors import CommandError, InvalidValueError


def leaves(error: type[CommandError]) -> Iterator[type[CommandError]]:
    below = error.__subclasses__()
    if not below:
        yield error
    for each in below:
        yield from leaves(each)


@pytest.mark.parametrize("error", list(leaves(CommandError)))
def test_every_error_is_exactly_one_kind_of_problem(error: type[CommandError]) -> None:
    kinds = [each for each in (*PROBLEMS, *WRONG_FIELDS) if issubclass(error, each)]

    assert len(kinds) == 1


@pytest.mark.parametrize("error", list(leaves(InvalidValueError)))
def test_every_value_that_cannot_be_has_its_place(error: type[CommandError]) -> None:
    assert error in WRONG_FIELDS


@pytest.mark.parametrize("error", list(leaves(CommandError)))
def test_every_error_says_something_to_whoever_asked(error: type[CommandError]) -> None:
    assert str(error())
    assert not str(error()).endswith(".")
