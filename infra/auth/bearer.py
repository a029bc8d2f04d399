"""The token of an HTTP request. Source: RFC 6750."""

from typing import Protocol

from starlette.requests import Request

from contracts.tokens import Principal
from infra.auth import TokenMissingError


class TokenVerifier(Protocol):
    """What knows the keys: the published set, or the task service's own."""

    async def verify(self, token: str) -> Principal: ...


async def principal_of(request: Request, verifier: TokenVerifier) -> Principal:
    """Say who makes a request.

    Raises:
        TokenMissingError: there is no `Authorization: Bearer` header.
        TokenError: the token does not let its bearer in.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenMissingError("an access token is needed: Authorization: Bearer …")
    return await verifier.verify(token.strip())
