"""Tokens that were seen before: nothing is let in by them that a first look would not let in."""

import time

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tokens import Principal
from infra.auth import TokenError, TokenExpiredError, TokenInvalidError, known_tokens
from infra.auth.known_tokens import KnownTokens
from infra.auth.verify import LEEWAY_SECONDS, PublicKeys, verify
from tests.unit.infra.test_auth import FOREIGN, KEYS, OURS, USER, claims, public_jwk, sign


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the tokens whose signature is checked, in order."""
    seen: list[str] = []

    def noting(token: str, keys: PublicKeys) -> Principal:
        seen.append(token)
        return verify(token, keys)

    monkeypatch.setattr(known_tokens, "verify", noting)
    return seen


def test_the_signature_of_a_token_is_checked_once(looked_at: list[str]) -> None:
    known, first, second = KnownTokens(), sign(claims()), sign(claims(name="Bob"))

    names = [known.verify(token, KEYS).name for token in (first, second, first, first, second)]

    assert names == ["Ann", "Bob", "Ann", "Ann", "Bob"]
    assert looked_at == [first, second]


def test_keys_that_were_read_anew_are_the_same_keys(looked_at: list[str]) -> None:
    known, token = KnownTokens(), sign(claims())
    known.verify(token, KEYS)

    assert known.verify(token, {"ours": jwt.PyJWK(public_jwk(OURS, "ours"))}).user_id == USER
    assert looked_at == [token]


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({}, id="taken back"),
        pytest.param({"ours": jwt.PyJWK(public_jwk(FOREIGN, "ours"))}, id="another key of the same name"),
        pytest.param({"new": KEYS["ours"]}, id="renamed"),
    ],
)
def test_a_known_token_is_refused_without_its_key(keys: dict[str, jwt.PyJWK]) -> None:
    known, token = KnownTokens(), sign(claims())
    known.verify(token, KEYS)

    with pytest.raises(TokenInvalidError):
        known.verify(token, keys)
    with pytest.raises(TokenInvalidError):
        known.verify(token, keys)


def test_a_known_token_expires() -> None:
    now = time.time()
    known = KnownTokens(clock=lambda: now)
    token = sign(claims(exp=int(now) + 100))
    known.verify(token, KEYS)

    now = int(now) + 100 + LEEWAY_SECONDS - 1
    assert known.verify(token, KEYS).user_id == USER
    now += 1
    with pytest.raises(TokenExpiredError):
        known.verify(token, KEYS)
    assert len(known) == 0


def test_tokens_that_are_over_are_forgotten_when_the_next_one_comes() -> None:
    now = time.time()
    known = KnownTokens(clock=lambda: now)
    for name in ("Ann", "Bob"):
        known.verify(sign(claims(name=name, exp=int(now) + 100)), KEYS)
    later = sign(claims(name="Eve", exp=int(now) + 1_000))

    now += 100 + LEEWAY_SECONDS
    known.verify(later, KEYS)

    assert len(known) == 1


def test_what_was_refused_is_refused_again_and_not_kept() -> None:
    known, forged = KnownTokens(), sign(claims(), FOREIGN)

    for _ in range(2):
        with pytest.raises(TokenInvalidError):
            known.verify(forged, KEYS)

    assert len(known) == 0


def test_only_so_many_are_kept_and_the_one_not_seen_for_longest_goes(looked_at: list[str]) -> None:
    known = KnownTokens(tokens=2)
    ann, bob, eve = (sign(claims(name=name)) for name in ("Ann", "Bob", "Eve"))

    for token in (ann, bob, ann, eve, ann, bob):
        known.verify(token, KEYS)

    assert len(known) == 2
    assert looked_at == [ann, bob, eve, bob]


@given(at=st.integers(0, 10_000), letter=st.characters())
def test_a_known_token_says_nothing_for_one_that_differs(at: int, letter: str) -> None:
    known, token = KnownTokens(), sign(claims())
    known.verify(token, KEYS)
    at %= len(token)
    changed = token[:at] + letter + token[at + 1 :]

    if changed != token:
        with pytest.raises(TokenError):
            known.verify(changed, KEYS)
