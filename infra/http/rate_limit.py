"""How many requests one person, and one address, may send to an API.

A request with a good token is its person's, however many share an address. One without, and every one to a route that
asks for no token, is counted by its address; so is one whose token turns out to be bad.

Each process counts for itself: of n API processes a client gets up to n times as much.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.tokens import Principal
from infra.auth import TokenError
from infra.auth.bearer import TokenVerifier, principal_of
from infra.errors import TooManyRequestsError
from infra.http.address import Networks, address_of
from infra.http.body_limit import discard_body
from infra.http.problems import problem_response
from infra.settings import RequestSettings

KEYS = 100_000
"""How many clients are remembered, some 20 MB; over it the one that was seen least recently starts afresh."""

_PRINCIPAL = "taskify.principal"
_API = "/api/"
_BEFORE_ANY_TOKEN = ("/api/auth/", "/api/erasures/")


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second in the long run, and how many may come at once."""

    a_second: float
    burst: int


class TokenBuckets:
    """A bucket for each key, which fills at a rate up to a burst. Of each is kept when it will be full again."""

    def __init__(self, rate: Rate, *, keys: int = KEYS, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / rate.a_second
        self._depth = rate.burst * self._interval
        self._keys = keys
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str) -> None:
        """Take a token out of the bucket of a key.

        Raises:
            TooManyRequestsError: it is empty; nothing was taken.
        """
        now = self._clock()
        full_at = max(self._full_at.get(key, now), now) + self._interval
        # A billionth of a second is how far sums of floating point numbers may be off.
        wait = full_at - now - self._depth - 1e-9
        if wait > 0:
            raise TooManyRequestsError("too many requests; wait before the next one", max(1, math.ceil(wait)))
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        self._forget(now)

    def __len__(self) -> int:
        return len(self._full_at)

    def _forget(self, now: float) -> None:
        """Forget the least recent, while it is full again or there are too many."""
        while self._full_at:
            oldest = next(iter(self._full_at))
            if self._full_at[oldest] > now and len(self._full_at) <= self._keys:
                break
            del self._full_at[oldest]


class RequestLimits:
    def __init__(self, of_a_person: Rate, of_an_address: Rate, trusted_proxies: Networks = ()) -> None:
        self.trusted_proxies = trusted_proxies
        self._persons = TokenBuckets(of_a_person)
        self._addresses = TokenBuckets(of_an_address)

    async def principal_of(self, request: Request, verifier: TokenVerifier) -> Principal:
        """Say who makes a request, and count it, once however often it is asked of the same request.

        Raises:
            TokenError: nobody, with this token.
            TooManyRequestsError: the person, or the address for a bad token, has sent too many.
        """
        known: Principal | None = request.scope.get(_PRINCIPAL)
        if known is not None:
            return known
        try:
            principal = await principal_of(request, verifier)
        except TokenError:
            if not _is_counted_by_address(request.scope):
                self.count_address(request.scope)
            raise
        self._persons.take(str(principal.user_id))
        request.scope[_PRINCIPAL] = principal
        return principal

    def count_address(self, scope: Scope) -> None:
        """Count a request by its address.

        Raises:
            TooManyRequestsError: the address has sent too many.
        """
        self._addresses.take(address_of(scope, self.trusted_proxies))


class AddressLimit:
    """ASGI middleware: requests to the API that name nobody are counted before anything of them is read."""

    def __init__(self, app: ASGIApp, limits: RequestLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _is_counted_by_address(scope):
            try:
                self._limits.count_address(scope)
            except TooManyRequestsError as error:
                await discard_body(receive, await receive())
                headers = {"Retry-After": str(error.retry_after_seconds)}
                answer = problem_response(HTTPStatus.TOO_MANY_REQUESTS, str(error), headers)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_counted_by_address(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.startswith(_BEFORE_ANY_TOKEN) or (path.startswith(_API) and "Authorization" not in Headers(scope=scope))


def request_limits(settings: RequestSettings) -> RequestLimits:
    """Give the limits that the settings say."""
    return RequestLimits(
        Rate(settings.person_requests_a_second, settings.person_request_burst),
        Rate(settings.address_requests_a_second, settings.address_request_burst),
        settings.trusted_proxies,
    )
