"""All guards."""

from tests.guards.of_people import OF_PEOPLE
from tests.guards.of_privacy import OF_PRIVACY
from tests.guards.of_requests import OF_REQUESTS
from tests.guards.of_sockets import OF_SOCKETS
from tests.guards.of_tokens import OF_TOKENS

GUARDS = (*OF_PEOPLE, *OF_TOKENS, *OF_REQUESTS, *OF_SOCKETS, *OF_PRIVACY)
