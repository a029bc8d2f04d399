"""What a request ends with that gets no answer."""

import httpx

NO_ANSWER = (httpx.HTTPError, TimeoutError, AttributeError)
"""The last is what anyio over uvloop raises for a connection that is gone in the moment in which it is made."""
