"""What can go wrong in a test.

TaskifyTestkitError
├── NotStartedError        Taskify could not be started, or does not answer
├── SettingsError          an option is missing or wrong
└── RequestRefusedError    Taskify refused a request of the test

AssertionError
├── InvalidEventError      an event is not what Taskify takes
└── UnexpectedError        somebody was not told, or was; an event did not come
"""


class TaskifyTestkitError(Exception):
    """The test could not be run."""


class NotStartedError(TaskifyTestkitError):
    """Taskify is not there."""


class SettingsError(TaskifyTestkitError):
    """An option is missing or wrong."""


class RequestRefusedError(TaskifyTestkitError):
    """Taskify answered a request of the test with an error, which the text repeats."""


class InvalidEventError(AssertionError):
    """The event is not valid; the text names every place and what is wrong there."""


class UnexpectedError(AssertionError):
    """Something else happened than the test expects; the text says what, and where it stopped."""
