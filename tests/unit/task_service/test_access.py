from uuid import UUID

import pytest

from task_service.commands.access import may_delete
from task_service.models import ADMINISTRATOR, MEMBER

ANN, BOB = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("role", "made_by", "may"),
    [
        (MEMBER, ANN, True),
        (MEMBER, BOB, False),
        (MEMBER, None, False),
        (ADMINISTRATOR, ANN, True),
        (ADMINISTRATOR, BOB, True),
        (ADMINISTRATOR, None, True),
    ],
)
def test_who_made_it_and_administrators_may_delete(role: str, made_by: UUID | None, *, may: bool) -> None:
    assert may_delete(ANN, role, made_by) is may
