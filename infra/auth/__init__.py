"""Who is asking: access tokens, verified with the published keys of the task service.

Errors
    TokenError              what is shown to whom it concerns; never says more than needed
    ├── TokenMissingError   no token was given
    ├── TokenInvalidError   not a token of ours, or one that was tampered with
    └── TokenExpiredError   a token of ours whose time is over

Keys that cannot be had are `infra.errors.UnavailableError`: nobody is turned away for our own trouble.
"""

from infra.errors import InfraError


class TokenError(InfraError):
    """The token does not let its bearer in."""


class TokenMissingError(TokenError):
    """No token was given."""


class TokenInvalidError(TokenError):
    """The token is not valid."""


class TokenExpiredError(TokenError):
    """The token has expired."""
