"""What the routes need, and who is asking."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.tokens import Principal
from infra.auth.bearer import TokenVerifier
from infra.http.member_route import member_route
from infra.http.rate_limit import RequestLimits
from notification_worker.commands.ended_sessions import refuse_ended


@dataclass(frozen=True, slots=True)
class ApiContext:
    """What routes need of the process.

    `notify_relay` says after a commit that there is something to publish; it returns at once. What was read is shown
    for as long as `history`, in whole days.
    """

    database: AsyncEngine
    verifier: TokenVerifier
    notify_relay: Callable[[], None]
    history: timedelta
    limits: RequestLimits


async def _context_of(request: Request) -> ApiContext:
    context: ApiContext = request.app.state.context
    return context


Context = Annotated[ApiContext, Depends(_context_of)]

_documented_scheme = HTTPBearer(auto_error=False, bearerFormat="JWT", description="the access token of a login")


async def _identify(request: Request) -> Principal:
    context = await _context_of(request)
    return await context.limits.principal_of(request, context.verifier)


AskerRoute = member_route(_identify)


async def _asker(request: Request, context: Context, _: Annotated[object, Depends(_documented_scheme)]) -> Principal:
    principal = await _identify(request)
    await refuse_ended(context.database, principal)
    return principal


Asker = Annotated[Principal, Depends(_asker)]
"""Whose inbox it is: everything is scoped to the token's user."""
