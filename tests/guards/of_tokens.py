"""Guards of access tokens and of the keys that sign them."""

from tests.guards.guard import Guard

_VERIFY = "infra/auth/verify.py"
_KEY_SET = "infra/auth/key_set.py"
_KNOWN = "infra/auth/known_tokens.py"
_KEYS = "task_service/credentials/signing_keys.py"
_ROTATION = "task_service/credentials/key_rotation.py"

_AUTH = "unit/infra/test_auth.py::test_"
_TAMPERING = "unit/infra/test_auth_tampering.py::test_"
_KNOWN_TOKENS = "unit/infra/test_known_tokens.py::test_"
_SIGNING = "unit/task_service/test_signing_keys.py::test_"
_SETTINGS = "unit/task_service/test_settings.py::test_"
_SOCKETS = "integration/ws_gateway/test_authentication.py::test_"
_READINESS = "integration/notification_worker/test_readiness.py::test_"
_LIVES = "contract/test_lives_of_tokens.py::test_"

OF_TOKENS = (
    Guard(
        "EdDSA and nothing else",
        _VERIFY,
        'fields.get("alg") != ALGORITHM or ',
        "",
        (f"{_TAMPERING}a_header_with_anything_else_in_it_is_refused_whatever_the_signature",),
    ),
    Guard(
        "a header holds nothing else",
        _VERIFY,
        " or not _HEADER.issuperset(fields)",
        "",
        (f"{_TAMPERING}a_header_with_anything_else_in_it_is_refused_whatever_the_signature",),
    ),
    Guard(
        "a key is named",
        _VERIFY,
        'key_id = fields["kid"]',
        'key_id = fields.get("kid", "ours")',
        (f"{_AUTH}a_token_with_anything_wrong_is_invalid",),
    ),
    Guard(
        "not before its time",
        _VERIFY,
        " and begins_at <= now + LEEWAY_SECONDS",
        "",
        (f"{_AUTH}a_token_with_anything_wrong_is_invalid",),
    ),
    Guard(
        "not after its time",
        _VERIFY,
        "    if has_ended(ends_at, now):",
        "    if False:",
        (f"{_AUTH}an_expired_token_is_told_from_a_bad_one",),
    ),
    Guard(
        "a token lives 15 minutes at most",
        "task_service/settings.py",
        "Annotated[Span, Field(le=timedelta(minutes=15))]",
        "Annotated[Span, Field(le=timedelta(minutes=60))]",
        (
            f"{_SETTINGS}an_address_that_no_browser_would_send_is_refused_at_the_start",
            f"{_LIVES}ended_sessions_are_remembered_for_longer_than_a_token_is_taken",
        ),
    ),
    Guard(
        "a token does not outlive its session",
        "task_service/credentials/access_tokens.py",
        "return self.life if expires_at is None else min(self.life, expires_at - now)",
        "return self.life",
        ("integration/task_service/test_erasing_everything.py::test_an_access_token_does_not_outlive_its_session",),
    ),
    Guard(
        "the stream is kept longer than a token lives",
        "contracts/topology.py",
        "DELIVERIES_AGE = timedelta(minutes=20)",
        "DELIVERIES_AGE = timedelta(minutes=15)",
        (f"{_LIVES}the_stream_is_kept_for_longer_than_a_gateway_that_starts_looks_back",),
    ),
    Guard(
        "an unknown key is fetched",
        _KEY_SET,
        "if key_id_of(token) not in self._keys:",
        "if not self._keys:",
        (f"{_AUTH}a_new_key_is_fetched_when_a_token_names_it_but_not_for_every_forged_name",),
    ),
    Guard(
        "a gateway without keys is not ready",
        "ws_gateway/app.py",
        '                "key_set": keys.check,\n',
        "",
        (f"{_SOCKETS}without_any_keys_a_gateway_is_not_ready_and_refuses_nobody_for_good",),
    ),
    Guard(
        "the notification API without keys is not ready",
        "notification_worker/app.py",
        ', "keys": keys.check})',
        "})",
        (f"{_READINESS}an_api_that_never_had_the_keys_is_not_ready_and_turns_nobody_away_for_good",),
    ),
    Guard(
        "the issuer is looked at",
        _VERIFY,
        'claims["iss"] != ISSUER or ',
        "",
        (f"{_AUTH}a_token_with_anything_wrong_is_invalid",),
    ),
    Guard(
        "the audience is looked at",
        _VERIFY,
        ' or claims["aud"] != AUDIENCE',
        "",
        (f"{_AUTH}a_token_with_anything_wrong_is_invalid",),
    ),
    Guard(
        "claims are required",
        _VERIFY,
        'claims["iat"], claims["nbf"], claims["exp"]',
        'claims.get("iat", now), claims.get("nbf", now), claims.get("exp", now + 900)',
        (f"{_AUTH}a_token_with_anything_wrong_is_invalid",),
    ),
    Guard(
        "the signature is looked at",
        _VERIFY,
        "not key.Algorithm.verify(signed.encode(), key.key, _decoded(signature))",
        "False",
        (f"{_AUTH}a_token_with_anything_wrong_is_invalid",),
    ),
    Guard(
        "clocks may differ",
        _VERIFY,
        "begins_at <= now + LEEWAY_SECONDS",
        "begins_at <= now",
        (f"{_AUTH}clocks_may_differ_a_little",),
    ),
    Guard(
        "expired is told from bad",
        _VERIFY,
        'raise TokenExpiredError("the token has expired")',
        'raise TokenInvalidError("the token has expired")',
        (f"{_AUTH}an_expired_token_is_told_from_a_bad_one",),
    ),
    Guard(
        "a known token needs its key",
        _KNOWN,
        "present is not None and (present is key or present.key == key.key)",
        "True",
        (f"{_KNOWN_TOKENS}a_known_token_is_refused_without_its_key",),
    ),
    Guard(
        "a known token expires",
        _KNOWN,
        "if has_ended(known.ends_at, self._clock()):",
        "if False:",
        (f"{_KNOWN_TOKENS}a_known_token_expires",),
    ),
    Guard(
        "a known token is known by its signature too",
        _KNOWN,
        "hashlib.sha256(token.encode(",
        "hashlib.sha256(token.rpartition('.')[0].encode(",
        (f"{_KNOWN_TOKENS}a_known_token_says_nothing_for_one_that_differs",),
    ),
    Guard(
        "unknown keys fetch rarely",
        _KEY_SET,
        "if self._clock() < self._next_fetch_at:",
        "if False:",
        (f"{_AUTH}a_new_key_is_fetched_when_a_token_names_it_but_not_for_every_forged_name",),
    ),
    Guard(
        "the key set grows old",
        _KEY_SET,
        "elif self._clock() >= self._stale_at and not self._fetching.locked():",
        "elif False:",
        (f"{_AUTH}a_key_that_was_taken_back_is_refused_before_long",),
    ),
    Guard(
        "without keys nobody is turned away",
        _KEY_SET,
        'raise UnavailableError(f"the key set at {self._url} cannot be had") from error',
        "return",
        (f"{_AUTH}without_any_keys_nobody_is_turned_away_for_our_own_trouble",),
    ),
    Guard(
        "running processes read new keys",
        "task_service/credentials/key_ring.py",
        "self._keys = read_signing_keys(self._folder)",
        "pass",
        (f"{_SIGNING}running_processes_take_to_a_new_key_without_a_restart",),
    ),
    Guard(
        "a new key waits",
        _KEYS,
        "([key for key in self.keys if key.signs_from <= now] or self.keys[:1])[-1]",
        "self.keys[-1]",
        (f"{_SIGNING}a_new_key_waits_until_everybody_knows_it",),
    ),
    Guard(
        "a new key waits longer than caches",
        _KEYS,
        "PUBLISHED_AHEAD = timedelta(seconds=30)",
        "PUBLISHED_AHEAD = timedelta(seconds=3)",
        (f"{_SIGNING}it_waits_longer_than_anybody_keeps_a_key_set_without_it",),
    ),
    Guard(
        "a key verifies as long as its last token",
        _ROTATION,
        ".signs_from + token_life + 2 * _CLOCKS",
        ".signs_from",
        (f"{_SIGNING}a_key_is_published_then_signs_then_verifies_then_is_done",),
    ),
    Guard(
        "a needed key is not retired",
        _ROTATION,
        "if chosen[0].state is not KeyState.DONE and not at_once:",
        "if False:",
        (f"{_SIGNING}a_key_that_is_needed_is_retired_only_when_that_is_meant",),
    ),
    Guard(
        "key files are private",
        _KEYS,
        "os.O_EXCL, 0o600)",
        "os.O_EXCL, 0o644)",
        (f"{_SIGNING}an_empty_folder_gets_one_key_which_only_its_owner_reads",),
    ),
)
