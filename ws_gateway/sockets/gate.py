"""What happens before there is a socket: the health pages, the path, and who is let in."""

from http import HTTPStatus

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from infra.health import Health
from infra.http.address import Networks, client_address
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


class Gate:
    """Answers requests that want no socket, and counts those that do."""

    def __init__(self, health: Health, admission: Admission, trusted_proxies: Networks) -> None:
        self._health = health
        self._admission = admission
        self._trusted_proxies = trusted_proxies

    async def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Give the response to a request, or None to go on with the handshake (`process_request` of websockets)."""
        match request.path.partition("?")[0]:
            case "/health/live":
                return _json(connection, HTTPStatus.OK, '{"status":"live"}')
            case "/health/ready":
                readiness = await self._health.readiness()
                status = HTTPStatus.OK if readiness.ready else HTTPStatus.SERVICE_UNAVAILABLE
                return _json(connection, status, readiness.model_dump_json())
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
        log.debug("connection_refused", reason=refusal.value)
        response = connection.respond(_REFUSALS[refusal], "Too many connections, try again later.\n")
        response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
        return response

    def _release(self, connection: GatewayConnection) -> None:
        self._admission.release(connection.address, authenticated=connection.authenticated)


def _json(connection: ServerConnection, status: HTTPStatus, body: str) -> Response:
    response = connection.respond(status, body)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response
