from uuid import UUID

import pytest

from task_service.commands.access import may_administer, may_delete, may_leave
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


@pytest.mark.parametrize(("role", "may"), [(ADMINISTRATOR, True), (MEMBER, False), (None, False)])
def test_administrators_alone_give_roles_and_erase_others(role: str | None, *, may: bool) -> None:
    assert may_administer(role) is may


@pytest.mark.parametrize(
    ("role", "others", "other_administrators", "may"),
    [
        (MEMBER, False, False, True),
        (MEMBER, True, False, True),
        (MEMBER, True, True, True),
        (ADMINISTRATOR, False, False, True),
        (ADMINISTRATOR, True, False, False),
        (ADMINISTRATOR, True, True, True),
    ],
)
def test_nobody_leaves_others_without_an_administrator(
    role: str, *, others: bool, other_administrators: bool, may: bool
) -> None:
    assert may_leave(role, others=others, other_administrators=other_administrators) is may
