"""Tokens with anything changed in them, against the judgement of PyJWT: whom we let in it must let in too."""

import base64
import json
import time

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.tokens import ALGORITHM, AUDIENCE, ISSUER
from infra.auth import TokenError, TokenInvalidError
from infra.auth.verify import LEEWAY_SECONDS, key_id_of, verify
from tests.unit.infra.test_auth import KEYS, OURS, claims, sign

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n{}\x00é"
MOMENTS = st.integers(-20, 20).map(lambda seconds: int(time.time()) + seconds * 10)
VALUES = (
    st.none()
    | st.booleans()
    | MOMENTS
    | st.floats()
    | st.text(max_size=5)
    | st.lists(st.just(AUDIENCE), max_size=2)
    | st.sampled_from([ISSUER, claims()["sub"], str(int(time.time()) + 100)])
)


def accepted_by_pyjwt(token: str) -> bool:
    try:
        jwt.decode(
            token,
            KEYS["ours"],
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS + 5,  # The clock goes on between the two; moments are ten seconds apart.
            options={"require": ["exp", "iat", "nbf", "sub", "sid", "name", "iss", "aud"]},
        )
    except jwt.PyJWTError:
        return False
    return True


def accepted(token: str) -> bool:
    try:
        verify(token, KEYS)
    except TokenError:
        return False
    return True


@given(changes=st.dictionaries(st.sampled_from(sorted(claims())), VALUES, max_size=3))
def test_no_claims_are_good_for_us_that_are_not_for_pyjwt(changes: dict[str, object]) -> None:
    token = jwt.PyJWS().encode(json.dumps(claims() | changes).encode(), OURS, ALGORITHM, headers={"kid": "ours"})

    assert not accepted(token) or accepted_by_pyjwt(token)


@given(place=st.integers(0, 600), cut=st.integers(0, 3), put=st.text(ALPHABET, max_size=3))
@example(place=10_000, cut=0, put="=")
@example(place=10_000, cut=0, put="\n")
@example(place=10_000, cut=0, put=".")
@example(place=0, cut=0, put=" ")
def test_a_token_with_other_characters_is_not_ours(place: int, cut: int, put: str) -> None:
    token = sign(claims())
    place = min(place, len(token))
    changed = token[:place] + put + token[place + cut :]

    assert accepted(changed) == (changed == token)


def test_a_signature_has_one_way_of_being_written() -> None:
    signed, _, signature = sign(claims()).rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    # The last character holds four bits of the signature and two that mean nothing.
    others = [signature[:-1] + last for last in ALPHABET[:64] if last != signature[-1]]
    same = [other for other in others if base64.urlsafe_b64decode(other + "==") == raw]

    assert same
    assert not any(accepted(f"{signed}.{other}") for other in same)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "EdDSA", "kid": "ours", "crit": ["exp"], "exp": 1},
        {"alg": "EdDSA", "kid": "ours", "b64": False, "crit": ["b64"]},
        {"alg": "EdDSA", "kid": "ours", "jwk": {}},
        {"alg": "EdDSA", "kid": 7},
        {"alg": "EdDSA"},
        {"kid": "ours"},
        {"alg": ["EdDSA"], "kid": "ours"},
        ["EdDSA", "ours"],
        "ours",
        None,
    ],
)
def test_a_header_with_anything_else_in_it_is_refused_whatever_the_signature(header: object) -> None:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims())]
    signed = b".".join(parts)
    token = b".".join((signed, base64.urlsafe_b64encode(OURS.sign(signed)).rstrip(b"="))).decode()

    with pytest.raises(TokenInvalidError):
        verify(token, KEYS)
    with pytest.raises(TokenInvalidError):
        key_id_of(token)
