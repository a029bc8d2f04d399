import pytest

from task_service.api.entity_tag import entity_tag, wanted_versions


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        (None, None),
        ("*", None),
        (" * ", None),
        ('"3"', {3}),
        ('"3", "4"', {3, 4}),
        ('W/"3"', set()),
        ('W/"3", "4"', {4}),
        ("3", set()),
        ("", set()),
        ('"x"', set()),
        ('"' + "9" * 5_000 + '"', set()),
    ],
)
def test_a_condition_names_only_strong_tags_of_ours(header: str | None, versions: set[int] | None) -> None:
    assert wanted_versions(header) == (None if versions is None else frozenset(versions))


def test_a_tag_is_what_its_condition_takes() -> None:
    assert wanted_versions(entity_tag(17)) == frozenset({17})
