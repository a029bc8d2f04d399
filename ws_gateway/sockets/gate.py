"""What happens before there is a socket: the pages of health and metrics, the path, and who is let in."""

from http import HTTPStatus

from prometheus_client import CollectorRegistry
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from infra.health import Health
from infra.http.address import Networks, client_address
from infra.http.metrics import PATH as METRICS_PATH
from infra.http.metrics import is_forwarded
from infra.metrics.registry import MEDIA_TYPE, metrics_page
from infra.telemetry.logging import get_logger
from ws_gateway.hub.admission import Admission, Refusal
from ws_gateway.sockets.connection import GatewayConnection

PATH = "/ws"

log = get_logger("gate")

_REFUSALS = {
    Refusal.FULL: HTTPStatus.SERVICE_UNAVAILABLE,
    Refusal.TOO_MANY_UNAUTHENTICATED: HTTPStatus.SERVICE_UNAVAILABLE,
    Refusal.TOO_MANY_OF_ADDRESS: HTTPStatus.TOO_MANY_REQUESTS,
}
_RETRY_AFTER_SECONDS = "5"
_JSON = "application/json"


class Gate:
    """Answers requests that want no socket, and counts those that do; `refusals` counts those that got none."""

    def __init__(
        self, health: Health, registry: CollectorRegistry, admission: Admission, trusted_proxies: Networks
    ) -> None:
        self._health = health
        self._registry = registry
        self._admission = admission
        self._trusted_proxies = trusted_proxies
        self.refusals = dict.fromkeys(Refusal, 0)

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Give the response to a request, or None to go on with the handshake (`process_request` of websockets)."""
        match request.path.partition("?")[0]:
            case "/health/live":
                return _page(connection, HTTPStatus.OK, '{"status":"live"}', _JSON)
            case "/health/ready":
                readiness = await self._health.readiness()
                status = HTTPStatus.OK if readiness.ready else HTTPStatus.SERVICE_UNAVAILABLE
                return _page(connection, status, readiness.model_dump_json(), _JSON)
            case path if path == METRICS_PATH and not is_forwarded(request.headers):
                return _page(connection, HTTPStatus.OK, metrics_page(self._registry).decode(), MEDIA_TYPE)
            case "/ws":
                return self._admit(connection, request)
            case _:
                return connection.respond(HTTPStatus.NOT_FOUND, f"The socket is at {PATH}.\n")

    def authenticated(self, connection: GatewayConnection) -> None:
        """Count a connection among those that have shown a good token; again has no effect."""
        if connection.release is not None and not connection.authenticated:
            connection.authenticated = True
            self._admission.authenticated()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if not isinstance(connection, GatewayConnection):
            raise TypeError("the endpoint makes connections of its own kind")
        forwarded_for = request.headers.get_all("X-Forwarded-For")
        connection.address = client_address(connection.remote_address[0], forwarded_for, self._trusted_proxies)
        refusal = self._admission.admit(connection.address)
        if refusal is None:
            connection.release = self._release
            return None
        self.refusals[refusal] += 1
        log.debug("connection_refused", reason=refusal.value)
        response = connection.respond(_REFUSALS[refusal], "Too many connections, try again later.\n")
        response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
        return response

    def _release(self, connection: GatewayConnection) -> None:
        self._admission.release(connection.address, authenticated=connection.authenticated)


def _page(connection: ServerConnection, status: HTTPStatus, body: str, media_type: str) -> Response:
    response = connection.respond(status, body)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = media_type
    return response
