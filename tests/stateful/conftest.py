import pytest

# What the machine compares is worth seeing when it differs.
pytest.register_assert_rewrite("tests.stateful.comparison", "tests.stateful.machine")
