"""Guards of requests, of browsers and of the broker."""

from tests.guards.guard import Guard

_LIMIT = "infra/http/rate_limit.py"
_AUTH_ROUTES = "task_service/api/auth.py"

_REQUESTS = "integration/task_service/test_requests.py::test_"
_REQUEST_LIMITS = "integration/task_service/test_request_limits.py::test_"
_LIMITS = "unit/infra/test_rate_limit.py::test_"
_ORIGINS = "integration/task_service/test_other_origins.py::test_"
_EVERY_ANSWER = "integration/notification_worker/test_every_answer.py::test_"
_READING = "unit/notification_worker/test_reading.py::test_"

OF_REQUESTS = (
    Guard(
        "requests of a person are counted",
        _LIMIT,
        "self._persons.take(str(principal.user_id))",
        "pass",
        (
            f"{_REQUEST_LIMITS}a_person_has_a_share_of_their_own_on_every_route",
            f"{_EVERY_ANSWER}a_person_has_a_share_and_so_has_an_address_without_a_token",
        ),
    ),
    Guard(
        "bad tokens are counted by the address",
        _LIMIT,
        "                self.count_address(request.scope)\n            raise",
        "                pass\n            raise",
        (f"{_LIMITS}a_bad_token_is_counted_by_the_address_and_each_once",),
    ),
    Guard(
        "logging in is counted by the address",
        _LIMIT,
        "return path.startswith(_BEFORE_ANY_TOKEN) or (",
        "return (",
        (f"{_LIMITS}logging_in_is_counted_by_the_address_whatever_token_comes_with_it",),
    ),
    Guard(
        "so many clients are remembered",
        _LIMIT,
        " and len(self._full_at) <= self._keys:",
        ":",
        (f"{_LIMITS}only_so_many_are_remembered_and_who_is_full_again_is_not",),
    ),
    Guard(
        "foreign pages use no cookie",
        "task_service/api/dependencies.py",
        "        raise ForeignPageError\n",
        "        return\n",
        (f"{_ORIGINS}a_foreign_page_can_use_no_cookie_and_log_nobody_in_or_out",),
    ),
    Guard(
        "foreign pages read nothing",
        "task_service/api/middleware.py",
        "allow_origins=origins,",
        'allow_origins=["*"],',
        (f"{_ORIGINS}no_foreign_page_may_read_answers_or_announce_a_change",),
    ),
    Guard(
        "cookies are hidden from scripts",
        _AUTH_ROUTES,
        '        httponly=True,\n        samesite="strict",\n    )',
        '        samesite="strict",\n    )',
        (
            f"{_ORIGINS}every_cookie_over_https_is_secure",
            "integration/task_service/test_auth.py::test_the_refresh_cookie_is_hidden_from_scripts_other_sites_and_other_paths",
        ),
    ),
    Guard(
        "cookies stay on this site",
        _AUTH_ROUTES,
        '        httponly=True,\n        samesite="strict",\n    )',
        '        httponly=True,\n        samesite="lax",\n    )',
        (
            "integration/task_service/test_auth.py::test_the_refresh_cookie_is_hidden_from_scripts_other_sites_and_other_paths",
        ),
    ),
    Guard(
        "cookies want https",
        _AUTH_ROUTES,
        "        secure=services.secure_cookie,\n",
        "",
        (f"{_ORIGINS}every_cookie_over_https_is_secure",),
    ),
    Guard(
        "the page has security headers",
        "task_service/api/middleware.py",
        "headers.setdefault(name, value)",
        "pass",
        (f"{_REQUESTS}every_answer_has_the_security_headers_and_the_api_is_not_cached",),
    ),
    Guard(
        "notifications say that they are no page",
        "notification_worker/api/uncached_answers.py",
        "headers.setdefault(name, value)",
        "pass",
        (f"{_EVERY_ANSWER}every_answer_says_that_it_is_no_page",),
    ),
    Guard(
        "a body is bounded by what it says",
        "infra/http/body_limit.py",
        "if not declared.isdigit() or int(declared) > self._limit_bytes:",
        "if False:",
        ("unit/infra/test_http.py::test_a_length_that_is_no_number_is_refused",),
    ),
    Guard(
        "a body is bounded by what comes",
        "infra/http/body_limit.py",
        "if received > self._limit_bytes:",
        "if False:",
        (f"{_REQUESTS}a_body_over_the_limit_is_refused_whether_its_length_was_said_or_not",),
    ),
    Guard(
        "whoever reads receipts is counted",
        _LIMIT,
        ', "/api/erasures/"',
        ', "/api/auth/"',
        (f"{_REQUEST_LIMITS}reading_receipts_is_counted_by_the_address_whatever_token_comes_with_it",),
    ),
    Guard(
        "nobody's body is parsed",
        "infra/http/member_route.py",
        "                await identify(request)\n",
        "",
        (
            f"{_REQUESTS}a_broken_body_of_nobody_is_answered_as_nobodys",
            f"{_REQUEST_LIMITS}broken_bodies_are_counted_like_all_others",
            f"{_EVERY_ANSWER}a_broken_body_of_nobody_is_answered_as_nobodys",
        ),
    ),
    Guard(
        "the routes of members ask who it is",
        "task_service/api/tasks.py",
        "async def list_tasks(\n    services: Wired,\n    _: Caller,\n",
        "async def list_tasks(\n    services: Wired,\n",
        (f"{_REQUESTS}no_route_of_members_is_open_to_others",),
    ),
    Guard(
        "the task API looks its sessions up",
        "task_service/queries/sessions.py",
        "        Session.ended_at.is_(None),\n        Session.expires_at > bindparam",
        "        Session.expires_at > bindparam",
        ("integration/task_service/test_auth.py::test_logging_out_ends_the_session_at_once_and_tells_of_it_once",),
    ),
    Guard(
        "not everybody deletes",
        "task_service/commands/access.py",
        "return role == ADMINISTRATOR or asker_id == made_by",
        "return True",
        ("unit/task_service/test_access.py::test_who_made_it_and_administrators_may_delete",),
    ),
    Guard(
        "not everybody administers",
        "task_service/commands/access.py",
        "    return role == ADMINISTRATOR\n",
        "    return True\n",
        ("unit/task_service/test_access.py::test_administrators_alone_give_roles_and_erase_others",),
    ),
    Guard(
        "the last administrator stays",
        "task_service/commands/access.py",
        "return role != ADMINISTRATOR or other_administrators or not others",
        "return True",
        ("unit/task_service/test_access.py::test_nobody_leaves_others_without_an_administrator",),
    ),
    Guard(
        "a task is deleted by who may",
        "task_service/commands/delete_task.py",
        "if not may_delete(actor_id, actor.role, task.creator_id):",
        "if False:",
        ("integration/task_service/test_tasks.py::test_a_task_is_not_deleted_by_others_but_by_an_administrator",),
    ),
    Guard(
        "a comment is deleted by who may",
        "task_service/commands/comments.py",
        "if not may_delete(actor_id, actor.role, comment.author_id):",
        "if False:",
        (
            "integration/task_service/test_comments.py::test_a_comment_is_deleted_by_its_author_or_an_administrator_only",
        ),
    ),
    Guard(
        "only the task service speaks for itself",
        "notification_worker/consumers/reading.py",
        "if isinstance(event, _FROM_TASK_SERVICE) and sender != TASK_SERVICE:",
        "if False:",
        (f"{_READING}only_the_task_service_ends_sessions",),
    ),
    Guard(
        "a source belongs to who sent it",
        "notification_worker/consumers/reading.py",
        "if sender is None or not source_belongs_to(event.source, sender):",
        "if False:",
        (f"{_READING}who_is_said_to_have_sent_it_goes_before_the_routing_key",),
    ),
    Guard(
        "errors do not repeat what was sent",
        "contracts/events/__init__.py",
        "{detail['msg']}\"\n        for detail in error.errors(include_input=False, include_url=False)",
        "{detail['input']}\"\n        for detail in error.errors(include_url=False)",
        ("fuzz/test_messages.py::test_no_message_breaks_a_reader_or_is_repeated_in_an_error",),
    ),
    Guard(
        "what is installed is locked",
        "requirements/services.lock",
        "websockets==",
        "websockets>=",
        ("architecture/test_locks.py::test_every_requirement_is_one_version_with_its_hashes",),
    ),
    Guard(
        "what the page is built with is locked",
        "web/package-lock.json",
        '"node_modules/react": {\n',
        '"node_modules/unlocked": {"version": "1.0.0"},\n    "node_modules/react": {\n',
        ("architecture/test_locks.py::test_every_package_of_npm_is_locked_with_its_hash",),
    ),
    Guard(
        "rights are exact",
        "contracts/topology.py",
        "return f\"^({'|'.join(name.replace('.', r'[.]') for name in names)})$\"",
        'return "^.*$"',
        ("contract/test_rights.py::test_no_user_may_publish_anything_else",),
    ),
)
