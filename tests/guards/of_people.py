"""Guards of passwords, sessions and keys."""

from tests.guards.guard import Guard

_THROTTLE = "task_service/commands/login_throttle.py"
_REFRESH = "task_service/commands/refresh_session.py"
_VERIFY = "infra/auth/verify.py"
_KEY_SET = "infra/auth/key_set.py"
_KNOWN = "infra/auth/known_tokens.py"
_KEYS = "task_service/credentials/signing_keys.py"
_ROTATION = "task_service/credentials/key_rotation.py"
_ENDED = "notification_worker/commands/ended_sessions.py"

_THROTTLING = "integration/task_service/test_throttling.py::test_"
_REFRESHING = "integration/task_service/test_refreshing.py::test_"
_CREDENTIALS = "unit/task_service/test_credentials.py::test_"
_AUTH = "unit/infra/test_auth.py::test_"
_KNOWN_TOKENS = "unit/infra/test_known_tokens.py::test_"
_SIGNING = "unit/task_service/test_signing_keys.py::test_"
_ENDING = "integration/notification_worker/test_ended_sessions.py::test_"

OF_PEOPLE = (
    Guard(
        "ten wrong passwords an account",
        _THROTTLE,
        "await self._throttled_until(work.session, LoginAttempt.account, account, now),",
        "None,",
        (f"{_THROTTLING}too_many_wrong_passwords_of_one_account_refuse_the_right_one_too",),
    ),
    Guard(
        "a hundred an address",
        _THROTTLE,
        "await self._throttled_until(work.session, LoginAttempt.address, address, now),",
        "None,",
        (f"{_THROTTLING}one_address_may_not_try_many_accounts",),
    ),
    Guard(
        "guesses sent at once take turns",
        _THROTTLE,
        "await work.session.execute(select(func.pg_advisory_xact_lock(key)))",
        "pass",
        (f"{_THROTTLING}of_many_guesses_sent_at_once_no_more_than_the_limit_are_tried",),
    ),
    Guard(
        "processes count in one table",
        _THROTTLE,
        "self._count(_account(user, typed),",
        "self._count(_hash(str(id(self)), typed),",
        (f"{_THROTTLING}two_api_processes_count_together",),
    ),
    Guard(
        "somebody unknown is counted",
        _THROTTLE,
        '_hash("typed", typed.lower())',
        '_hash("typed", str(uuid7()))',
        (f"{_THROTTLING}somebody_unknown_is_throttled_with_the_very_same_answers",),
    ),
    Guard(
        "somebody unknown costs the same statements",
        "task_service/commands/log_in.py",
        "    async with throttle.attempt(user, email, address):\n",
        "    if user is None:\n        raise WrongCredentialsError\n"
        "    async with throttle.attempt(user, email, address):\n",
        (f"{_THROTTLING}somebody_unknown_costs_the_same_statements",),
    ),
    Guard(
        "somebody unknown costs a hash",
        "task_service/credentials/passwords.py",
        "        matches = await self._compute(",
        "        if password_hash is None:\n            return False\n        matches = await self._compute(",
        (f"{_CREDENTIALS}the_work_for_somebody_unknown_is_the_same",),
    ),
    Guard(
        "old attempts are removed",
        _THROTTLE,
        "await work.session.execute(_removal(now - self._limits.window))",
        "pass",
        (f"{_THROTTLING}what_nobody_looks_back_to_is_removed",),
    ),
    Guard(
        "changing a password is throttled",
        "task_service/commands/change_password.py",
        "async with throttle.attempt(user, user.email, address):",
        "if True:",
        (f"{_THROTTLING}changing_the_password_has_the_same_guard",),
    ),
    Guard(
        "hashing is bounded",
        "task_service/credentials/passwords.py",
        "if self._limiter.statistics().tasks_waiting >= self._waiting:",
        "if False:",
        (f"{_CREDENTIALS}only_so_many_passwords_are_hashed_at_once_and_only_so_many_wait",),
    ),
    Guard(
        "addresses come from trusted proxies only",
        "infra/http/address.py",
        "while entries and _is_trusted(address, trusted_proxies):",
        "while entries:",
        (
            "unit/infra/test_address.py::test_a_client_is_counted_by_the_last_address_that_a_trusted_proxy_wrote",
            f"{_THROTTLING}an_address_of_ones_own_invention_does_not_help",
        ),
    ),
    Guard(
        "each refresh replaces the cookie",
        _REFRESH,
        "following = next_refresh_token(token, salt)",
        "following = token",
        (f"{_REFRESHING}each_refresh_gives_another_cookie_of_the_same_session",),
    ),
    Guard(
        "reuse ends the session",
        _REFRESH,
        "            session.ended_at = now\n            await work.record(session_ended(session))\n",
        "            pass\n",
        (f"{_REFRESHING}a_replaced_cookie_that_comes_again_ends_the_session_and_tells_of_it",),
    ),
    Guard(
        "a lost answer is given again",
        _REFRESH,
        "if now < session.rotated_at + grace else None",
        "if False else None",
        (f"{_REFRESHING}an_answer_that_was_lost_is_given_once_more",),
    ),
    Guard(
        "refreshes at once take turns",
        _REFRESH,
        "            .with_for_update()\n",
        "",
        (f"{_REFRESHING}windows_that_refresh_at_once_get_the_same_cookie",),
    ),
    Guard(
        "a session is found by its secret only",
        "task_service/credentials/refresh_tokens.py",
        'return token.partition(".")[0]',
        'return token.removeprefix("x").removeprefix(".").partition(".")[0]',
        (f"{_REFRESHING}whoever_guesses_ends_nobodys_session",),
    ),
    Guard(
        "cookies are stored as hashes",
        "task_service/credentials/refresh_tokens.py",
        "return hashlib.sha256(_bytes(token)).digest()",
        "return _bytes(token)",
        (f"{_REFRESHING}nothing_that_is_stored_opens_a_session",),
    ),
    Guard(
        "an ended session opens no notification",
        "notification_worker/api/context.py",
        "await refuse_ended(context.database, principal)",
        "pass",
        (
            f"{_ENDING}no_route_is_open_to_a_session_that_has_ended",
            f"{_ENDING}nobody_who_is_erased_gets_in",
        ),
    ),
    Guard(
        "somebody erased opens no notification",
        _ENDED,
        'exists().where(users.c.id == bindparam("of_user"), users.c.erased_at.is_not(None)),',
        'bindparam("of_user", type_=users.c.id.type).is_(None),',
        (f"{_ENDING}nobody_who_is_erased_gets_in",),
    ),
    Guard(
        "the end of a session waits for nothing",
        "notification_worker/consumers/intake.py",
        "batcher = self._sessions if isinstance(event, SessionEnded) else self._batcher",
        "batcher = self._batcher",
        (f"{_ENDING}the_end_of_a_session_waits_for_no_other_event",),
    ),
    Guard(
        "an ended session is remembered long enough",
        _ENDED,
        '{"before": now - KEPT}',
        '{"before": now}',
        (f"{_ENDING}a_session_is_remembered_as_long_as_a_token_of_it_can_live",),
    ),
    Guard(
        "an ended session is forgotten",
        _ENDED,
        'await connection.execute(_FORGET, {"before": now - KEPT})',
        "pass",
        (f"{_ENDING}a_session_is_remembered_as_long_as_a_token_of_it_can_live",),
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
