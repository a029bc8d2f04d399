"""Access tokens of our own making, good and bad, and a real HTTP server that publishes their key."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.tokens import ALGORITHM, AUDIENCE, ISSUER


class Signer:
    """Signs tokens as the task service does, with a key of its own."""

    def __init__(self, key_id: str = "test-key") -> None:
        self.key_id = key_id
        self._key = Ed25519PrivateKey.generate()

    def token(self, user_id: UUID, *, session_id: UUID | None = None, seconds: float = 900, **claims: Any) -> str:
        """Sign a token that lives for `seconds`; `claims` replace or add to the usual ones."""
        return jwt.encode(self.claims(user_id, session_id, seconds) | claims, self._key, ALGORITHM, self._headers())

    def unsigned(self, user_id: UUID) -> str:
        """Make a token that says it needs no signature (`alg: none`)."""
        return jwt.encode(self.claims(user_id, None, 900), "", "none", self._headers())

    def key_set(self) -> str:
        """Give the public key as a JSON Web Key Set."""
        public = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(self._key.public_key()))
        return json.dumps({"keys": [public | {"kid": self.key_id, "alg": ALGORITHM, "use": "sig"}]})

    def claims(self, user_id: UUID, session_id: UUID | None, seconds: float) -> dict[str, Any]:
        """Give the usual claims."""
        now = time.time()
        return {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id or uuid4()),
            "name": "Ann",
            "iat": now,
            "nbf": now,
            "exp": now + seconds,
        }

    def _headers(self) -> dict[str, str]:
        return {"kid": self.key_id}


@contextmanager
def published(signer: Signer) -> Iterator[str]:
    """Serve the key set of a signer on a free port, and give its address."""
    body = signer.key_set().encode()

    class KeySet(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), KeySet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/.well-known/jwks.json"
        finally:
            server.shutdown()
            thread.join()
