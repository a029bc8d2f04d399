"""Guards of passwords and sessions."""

from tests.guards.guard import Guard

_THROTTLE = "task_service/commands/login_throttle.py"
_REFRESH = "task_service/commands/refresh_session.py"
_ENDED = "notification_worker/commands/ended_sessions.py"

_THROTTLING = "integration/task_service/test_throttling.py::test_"
_REFRESHING = "integration/task_service/test_refreshing.py::test_"
_CREDENTIALS = "unit/task_service/test_credentials.py::test_"
_OUT = "e2e/test_logging_out.py::test_"
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
        "hashing is beside the event loop",
        "task_service/credentials/passwords.py",
        "        return await to_thread.run_sync(work, limiter=self._limiter)\n",
        "        async with self._limiter:\n            return work()\n",
        (f"{_CREDENTIALS}passwords_are_hashed_beside_the_event_loop",),
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
        "logging out is told",
        "task_service/commands/log_out.py",
        "            await work.record(session_ended(session))\n",
        "",
        (
            "integration/task_service/test_auth.py::test_logging_out_ends_the_session_at_once_and_tells_of_it_once",
            f"{_OUT}who_logs_out_in_one_window_is_out_of_the_notifications_and_nobody_else",
        ),
    ),
    Guard(
        "a new password ends the other sessions",
        "task_service/commands/change_password.py",
        "        await work.record(*map(session_ended, ended))\n",
        "",
        (
            "integration/task_service/test_users.py::test_a_new_password_ends_all_other_sessions_of_the_person",
            f"{_OUT}a_new_password_ends_the_other_sessions",
        ),
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
)
