"""Which tokens let their bearer in. Source of the attacks: RFC 8725."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.requests import Request

from contracts.tokens import Principal
from infra.auth import TokenError, TokenExpiredError, TokenInvalidError, TokenMissingError
from infra.auth.bearer import principal_of
from infra.auth.key_set import FETCH_SECONDS, REFRESH_SECONDS, RETRY_SECONDS, STALE_SECONDS, PublishedKeys
from infra.auth.verify import LEEWAY_SECONDS, verify
from infra.errors import UnavailableError

USER = UUID("01890000-0000-7000-8000-000000000001")
SESSION = UUID("01890000-0000-7000-8000-000000000002")


def public_jwk(key: Ed25519PrivateKey, key_id: str) -> dict[str, Any]:
    return {**jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "alg": "EdDSA"}


OURS = Ed25519PrivateKey.generate()
FOREIGN = Ed25519PrivateKey.generate()
KEYS = {"ours": jwt.PyJWK(public_jwk(OURS, "ours"))}


def claims(**changes: object) -> dict[str, object]:
    now = int(time.time())
    good: dict[str, object] = {
        "iss": "taskify",
        "aud": "taskify",
        "sub": str(USER),
        "sid": str(SESSION),
        "name": "Ann",
        "iat": now,
        "nbf": now,
        "exp": now + 900,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def sign(payload: dict[str, object], key: Ed25519PrivateKey = OURS, key_id: str | None = "ours") -> str:
    return jwt.encode(payload, key, "EdDSA", headers={} if key_id is None else {"kid": key_id})


def unsigned(header: dict[str, object]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims())]
    return f"{parts[0]}.{parts[1]}."


def test_a_good_token_says_for_whom_it_stands() -> None:
    payload = claims()

    principal = verify(sign(payload), KEYS)

    assert (principal.user_id, principal.session_id, principal.name) == (USER, SESSION, "Ann")
    assert int(principal.expires_at.timestamp()) == payload["exp"]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: sign(claims(), FOREIGN), id="signed with a foreign key under our key's name"),
        pytest.param(lambda: sign(claims(), FOREIGN, "foreign"), id="an unknown key"),
        pytest.param(lambda: sign(claims(), OURS, None), id="no key named"),
        pytest.param(lambda: unsigned({"alg": "none", "kid": "ours"}), id="alg none"),
        pytest.param(lambda: unsigned({"alg": "EdDSA", "kid": "ours"}), id="signature cut off"),
        pytest.param(
            lambda: jwt.encode(claims(), "x" * 32, "HS256", headers={"kid": "ours"}), id="a shared secret instead"
        ),
        pytest.param(lambda: sign(claims(aud="another")), id="another audience"),
        pytest.param(lambda: sign(claims(iss="another")), id="another issuer"),
        pytest.param(lambda: sign(claims(nbf=int(time.time()) + 60)), id="not valid yet"),
        *(
            pytest.param(lambda name=name: sign(claims(**{name: None})), id=f"without {name}")
            for name in ("iss", "aud", "sub", "sid", "name", "iat", "nbf", "exp")
        ),
        pytest.param(lambda: sign(claims(sub="root")), id="a subject that is no user id"),
        pytest.param(lambda: sign(claims(sid=7)), id="a session that is no id"),
        pytest.param(lambda: sign(claims(name=7)), id="a name that is no text"),
        pytest.param(lambda: sign(claims())[:-4] + "AAAA", id="another signature"),
        pytest.param(lambda: "not.a.token", id="not a token"),
        pytest.param(lambda: "", id="nothing"),
    ],
)
def test_a_token_with_anything_wrong_is_invalid(make: Callable[[], str]) -> None:
    with pytest.raises(TokenInvalidError):
        verify(make(), KEYS)


def test_an_expired_token_is_told_from_a_bad_one() -> None:
    with pytest.raises(TokenExpiredError):
        verify(sign(claims(exp=int(time.time()) - LEEWAY_SECONDS - 1)), KEYS)


def test_clocks_may_differ_a_little() -> None:
    assert verify(sign(claims(exp=int(time.time()) - 1, nbf=int(time.time()) + 1)), KEYS).user_id == USER


class Issuer:
    """Publishes keys, or does not answer, and counts how often it is asked."""

    def __init__(self) -> None:
        self.keys = [public_jwk(OURS, "ours")]
        self.status = 200
        self.asked = 0
        self.now = 1_000.0
        self.last_headers = httpx.Headers()

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.last_headers = request.headers
        return httpx.Response(self.status, json={"keys": self.keys})

    def published(self) -> PublishedKeys:
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        return PublishedKeys("http://issuer/keys", client, clock=lambda: self.now)


async def test_keys_are_fetched_once_for_many_tokens() -> None:
    issuer = Issuer()
    keys = issuer.published()

    for _ in range(5):
        assert (await keys.verify(sign(claims()))).user_id == USER

    assert issuer.asked == 1


async def test_a_new_key_is_fetched_when_a_token_names_it_but_not_for_every_forged_name() -> None:
    issuer = Issuer()
    keys = issuer.published()
    await keys.check()

    for number in range(20):
        with pytest.raises(TokenError):
            await keys.verify(sign(claims(), FOREIGN, f"forged-{number}"))
    assert issuer.asked == 1

    issuer.keys.append(public_jwk(FOREIGN, "new"))
    issuer.now += REFRESH_SECONDS
    assert (await keys.verify(sign(claims(), FOREIGN, "new"))).user_id == USER
    assert issuer.asked == 2


async def test_without_any_keys_nobody_is_turned_away_for_our_own_trouble() -> None:
    issuer = Issuer()
    issuer.status = 500
    keys = issuer.published()

    with pytest.raises(UnavailableError):
        await keys.verify(sign(claims()))
    with pytest.raises(UnavailableError):
        await keys.check()


async def test_an_issuer_that_fails_is_asked_again_after_a_while_and_not_for_every_token() -> None:
    issuer = Issuer()
    issuer.status = 500
    keys = issuer.published()

    for number in range(20):
        with pytest.raises(UnavailableError):
            await keys.verify(sign(claims(), FOREIGN, f"forged-{number}"))
    assert issuer.asked == 1

    issuer.status = 200
    issuer.now += RETRY_SECONDS
    assert (await keys.verify(sign(claims()))).user_id == USER


async def test_known_keys_outlive_the_issuer() -> None:
    issuer = Issuer()
    keys = issuer.published()
    await keys.check()
    issuer.status = 500
    issuer.now += REFRESH_SECONDS

    assert (await keys.verify(sign(claims()))).user_id == USER
    with pytest.raises(TokenInvalidError):
        await keys.verify(sign(claims(), FOREIGN, "unknown"))


async def test_a_key_that_was_taken_back_is_refused_before_long() -> None:
    issuer = Issuer()
    issuer.keys.append(public_jwk(FOREIGN, "stolen"))
    keys = issuer.published()
    stolen = sign(claims(), FOREIGN, "stolen")
    await keys.verify(stolen)
    del issuer.keys[-1]

    issuer.now += STALE_SECONDS - 1
    assert (await keys.verify(stolen)).user_id == USER
    issuer.now += 1
    with pytest.raises(TokenInvalidError):
        await keys.verify(stolen)
    assert issuer.asked == 2


async def test_old_keys_cost_one_fetch_in_a_while_when_the_issuer_fails() -> None:
    issuer = Issuer()
    keys = issuer.published()
    await keys.check()
    issuer.status = 500
    issuer.now += STALE_SECONDS

    for _ in range(20):
        assert (await keys.verify(sign(claims()))).user_id == USER

    assert issuer.asked == 2


class SlowIssuer(Issuer):
    """Fails after a while, in which its clock goes on."""

    async def answer_late(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        self.now += FETCH_SECONDS
        return self.answer(request)

    def published(self) -> PublishedKeys:
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer_late))
        return PublishedKeys("http://issuer/keys", client, clock=lambda: self.now)


async def test_those_who_wait_for_an_issuer_that_hangs_do_not_each_ask_again() -> None:
    issuer = SlowIssuer()
    issuer.status = 500
    keys = issuer.published()

    refused = await asyncio.gather(*(keys.verify(sign(claims())) for _ in range(10)), return_exceptions=True)

    assert {type(error) for error in refused} == {UnavailableError}
    assert issuer.asked == 1


async def test_caches_on_the_way_are_told_to_ask_the_issuer() -> None:
    issuer = Issuer()
    await issuer.published().check()

    assert issuer.last_headers["Cache-Control"] == "no-cache"


class OursOnly:
    async def verify(self, token: str) -> Principal:
        return verify(token, KEYS)


def request(authorization: str | None) -> Request:
    headers = [] if authorization is None else [(b"authorization", authorization.encode())]
    return Request({"type": "http", "headers": headers})


async def test_a_bearer_header_in_any_case_lets_in() -> None:
    assert (await principal_of(request(f"bearer {sign(claims())}"), OursOnly())).user_id == USER


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic dXNlcjpwYXNz"])
async def test_a_request_without_a_token_is_told_so(header: str | None) -> None:
    with pytest.raises(TokenMissingError):
        await principal_of(request(header), OursOnly())
