"""All guards."""

from tests.guards.of_people import OF_PEOPLE
from tests.guards.of_requests import OF_REQUESTS
from tests.guards.of_sockets import OF_SOCKETS

GUARDS = (*OF_PEOPLE, *OF_REQUESTS, *OF_SOCKETS)
