import pytest

from notification_worker.audience.former_names import without_name
from tests.support.former_names import TEXTS


@pytest.mark.parametrize(("text", "name", "left"), TEXTS)
def test_a_name_goes_out_of_a_text_as_a_whole_word(text: str, name: str, left: str) -> None:
    assert without_name(text, name) == left
