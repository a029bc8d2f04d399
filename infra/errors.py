"""The errors of `infra`.

InfraError
├── UnavailableError      a server we need (database, broker, key set) does not answer now; waiting may help
├── TooManyRequestsError  a client has sent more than its share
├── AddressInUseError     the address that a process is to listen on is taken
└── TokenError            see `infra.auth`
"""


class InfraError(Exception):
    """Something between us and a machine went wrong."""


class UnavailableError(InfraError):
    """A server that this process needs does not answer now."""


class AddressInUseError(InfraError):
    """The address to listen on is taken by another process."""


class TooManyRequestsError(InfraError):
    """A client has sent more than its share; after `retry_after_seconds` the next will do."""

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
