"""The errors of `infra`.

InfraError
├── UnavailableError      a server we need (database, broker, key set) does not answer now; waiting may help
├── AddressInUseError     the address that a process is to listen on is taken
└── TokenError            see `infra.auth`
"""


class InfraError(Exception):
    """Something between us and a machine went wrong."""


class UnavailableError(InfraError):
    """A server that this process needs does not answer now."""


class AddressInUseError(InfraError):
    """The address to listen on is taken by another process."""
