"""The guards are where they are said to be, and so are their tests."""

from tests.architecture.test_security_document import named_tests
from tests.guards import table
from tests.guards.guards import GUARDS
from tests.guards.trial import REPOSITORY

WITHOUT_A_GUARD_OF_OURS = {
    # The whole system: what it keeps silent about has guards of its own.
    "e2e/test_silence.py::test_nothing_of_anybody_stands_in_a_log_line_a_metric_or_a_span",
    # RabbitMQ's own.
    "contract/test_rights.py::test_no_user_may_send_in_the_name_of_another",
}


def test_every_guard_is_where_it_is_said_to_be() -> None:
    for guard in GUARDS:
        assert guard.taken_out(REPOSITORY) != (REPOSITORY / guard.file).read_text(), guard.name


def test_every_test_of_a_guard_is_there() -> None:
    missing = [
        test
        for guard in GUARDS
        for test in guard.tests
        if f"def {test.partition('::')[2]}(" not in (REPOSITORY / "tests" / test.partition("::")[0]).read_text()
    ]
    assert missing == []


def test_every_test_of_the_page_about_security_has_its_guard() -> None:
    held = {test for guard in GUARDS for test in guard.tests}
    assert {f"{file}::{name}" for file, name in named_tests()} - held == WITHOUT_A_GUARD_OF_OURS


def test_every_guard_was_seen_missing_by_each_of_its_tests() -> None:
    assert set(table.read()) == {(guard.name, test) for guard in GUARDS for test in guard.tests}


def test_what_is_other_each_time_is_left_out_of_the_page() -> None:
    told = table.said(
        "assert 'eyJhbGciOiJ.x' in /tmp/a/b | 01a20048-74e3-70d4-b1a5-c26adf6f61ae `x` <object at 0x7f1a>"
    )

    assert told == "assert '…' in …b ¦ … 'x' <object at …>"
