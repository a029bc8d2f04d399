"""Guards of what is held about people: who sees it, what an export tells, and that an erasure leaves nothing."""

from tests.guards.guard import Guard

_ERASE = "task_service/commands/erase_user.py"
_ANSWER = "task_service/commands/complete_erasure.py"
_GATHER = "task_service/commands/gather_export.py"
_PERSON = "notification_worker/commands/erase_person.py"
_EXPORT = "notification_worker/commands/export_person.py"
_PADDING = "notification_worker/commands/stream_padding.py"
_LETTERS = "notification_worker/erasure/letters.py"

_API = "integration/notification_worker/test_api.py::test_"
_ERASING = "integration/task_service/test_erasing.py::test_"
_EVERYTHING = "integration/task_service/test_erasing_everything.py::test_"
_EXPORTS = "integration/task_service/test_exports.py::test_"
_EXPORTING = "integration/notification_worker/test_exporting.py::test_"
_REWRITING = "integration/notification_worker/test_rewriting.py::test_"
_PADDED = "integration/notification_worker/test_stream_padding.py::test_"
_REMOVED = "integration/notification_worker/test_erasure_letters.py::test_"
_EVERYWHERE = "integration/notification_worker/test_erasure_everywhere.py::test_"
_LOGGING = "unit/infra/test_logging.py::test_"
_NOTHING_LEFT = f"{_ERASING}nothing_of_an_erased_person_is_left_in_the_database"
_EVERYWHERE_NOTHING = f"{_EVERYWHERE}nothing_of_a_name_is_left_in_any_table_queue_or_stream_and_nothing_brings_it_back"

_OF_INBOXES = (
    Guard(
        "sync tells of one's own inbox",
        "notification_worker/commands/sync_inbox.py",
        ".where(_rows.user_id == _user_id, _rows.seq > _after_seq)",
        ".where(_rows.seq > _after_seq)",
        (f"{_API}sync_tells_of_ones_own_inbox_only",),
    ),
    Guard(
        "one marks one's own",
        "notification_worker/commands/mark.py",
        "own.where(rows.user_id == inbox.user_id)",
        "own",
        (f"{_API}the_notification_of_somebody_else_is_not_found_and_nothing_changes",),
    ),
    Guard(
        "the unread list is one's own",
        "notification_worker/commands/list_unread.py",
        ".where(rows.user_id == user_id, rows.read_at.is_(None))",
        ".where(rows.read_at.is_(None))",
        (f"{_API}the_notification_of_somebody_else_is_not_found_and_nothing_changes",),
    ),
    Guard(
        "the history is one's own",
        "notification_worker/commands/list_history.py",
        "own = select(notifications).where(rows.user_id == user_id)",
        "own = select(notifications)",
        ("integration/notification_worker/test_history.py::test_nobody_is_shown_the_history_of_somebody_else",),
    ),
    Guard(
        "members are one's own",
        "notification_worker/commands/list_members.py",
        "        rows.user_id == user_id, rows.id == notification_id\n",
        "        rows.id == notification_id\n",
        ("integration/notification_worker/test_members.py::test_the_members_of_somebody_else_are_not_found",),
    ),
    Guard(
        "why is told to whom it was told",
        "notification_worker/commands/why.py",
        "select(notifications).where(rows.user_id == user_id, rows.id == told_id)",
        "select(notifications).where(rows.id == told_id)",
        ("integration/notification_worker/test_why.py::test_the_why_of_somebody_else_is_not_found",),
    ),
)

_OF_LOGS = (
    Guard(
        "errors are logged without their texts",
        "infra/telemetry/logging.py",
        "structlog.processors.ExceptionRenderer(without_texts),",
        "structlog.processors.ExceptionRenderer(),",
        (f"{_LOGGING}of_an_error_its_kind_is_told_and_where_it_happened_and_never_its_text",),
    ),
    Guard(
        "libraries are quiet",
        "infra/telemetry/logging.py",
        "root.setLevel(logging.WARNING)",
        "root.setLevel(logging.DEBUG)",
        (f"{_LOGGING}libraries_speak_from_warnings_on",),
    ),
)

_OF_EXPORTS = (
    Guard(
        "an export is its person's",
        "task_service/commands/export_progress.py",
        "select(Export).where(Export.id == export_id, Export.user_id == user_id)",
        "select(Export).where(Export.id == export_id)",
        (f"{_EXPORTS}an_export_is_its_person_s_alone",),
    ),
    Guard(
        "an export waits for every service",
        "task_service/commands/export_progress.py",
        "ready = complete.issuperset(HOLDERS)",
        "ready = bool(complete)",
        (
            f"{_EXPORTS}the_file_holds_what_all_services_hold_and_no_secret",
            f"{_EXPORTS}a_service_that_does_not_answer_is_named",
        ),
    ),
    Guard(
        "the worker answers with all that it holds",
        _EXPORT,
        '        "muted_tasks": select(muted_tasks).where(muted_tasks.c.user_id == user_id)'
        ".order_by(muted_tasks.c.task_id),\n",
        "",
        (f"{_EXPORTING}an_export_holds_all_that_is_kept_of_a_person",),
    ),
    Guard(
        "an export tells nothing of somebody erased",
        _EXPORT,
        "                        raise _SomebodyErasedError\n",
        "                        pass\n",
        (f"{_EXPORTING}an_answer_that_somebody_is_erased_beside_is_read_anew",),
    ),
    Guard(
        "a late part that names somebody erased is not kept",
        _GATHER,
        "if await _names_an_erased_person(work.session, part.document):",
        "if False:",
        (f"{_EVERYTHING}a_part_that_was_read_before_an_erasure_and_comes_after_it_is_not_kept",),
    ),
    Guard(
        "exports of others that name somebody erased go",
        _ERASE,
        '"exports_of_others": await withdraw_exports_naming(session, user.id),',
        '"exports_of_others": 0,',
        (f"{_EVERYTHING}exports_of_others_that_name_an_erased_person_are_taken_back",),
    ),
)

_OF_ERASURES_OF_TASKS = (
    Guard(
        "an erasure takes the password",
        _ERASE,
        "        if not await passwords.verify(user.password_hash, password):\n            raise NotConfirmedError\n",
        "",
        (f"{_ERASING}a_wrong_password_is_refused_and_counted_like_one_at_the_login",),
    ),
    Guard(
        "only administrators erase others",
        _ERASE,
        "            await check_administrator(work.session, actor_id)\n",
        "            pass\n",
        (f"{_ERASING}an_administrator_erases_others_and_a_member_does_not",),
    ),
    Guard(
        "somebody erased is a former member",
        _ERASE,
        'user.email, user.name = f"{uuid4()}@{ERASED_DOMAIN}", FORMER_MEMBER',
        'user.email = f"{uuid4()}@{ERASED_DOMAIN}"',
        (_NOTHING_LEFT, f"{_ERASING}what_they_did_stays_by_a_former_member"),
    ),
    Guard(
        "events that have not left lose the name",
        _ERASE,
        '"events_not_sent_yet": await take_names_out(session, user.id),',
        '"events_not_sent_yet": 9,',
        (_NOTHING_LEFT,),
    ),
    Guard(
        "attempts to log in go",
        _ERASE,
        "await _deleted(session, delete(LoginAttempt).where(of_the_account))",
        "2",
        (_NOTHING_LEFT,),
    ),
    Guard(
        "an erasure ends all sessions",
        _ERASE,
        "await work.record(*ended, user_erased(user.id, erasure.id))",
        "await work.record(user_erased(user.id, erasure.id))",
        (f"{_ERASING}their_sessions_end_at_once_and_everybody_is_told",),
    ),
    Guard(
        "who is erased meanwhile writes nothing",
        "task_service/commands/locking.py",
        "if actor is None or actor.erased_at is not None:",
        "if actor is None:",
        (f"{_EVERYTHING}a_request_under_way_during_an_erasure_writes_nothing",),
    ),
    Guard(
        "the last answer takes out what was written meanwhile",
        _ANSWER,
        "            await take_names_out(work.session, erasure.user_id)\n",
        "",
        (f"{_ERASING}the_last_answer_takes_the_name_out_of_what_was_recorded_meanwhile",),
    ),
    Guard(
        "a receipt is complete when nothing is pending",
        _ANSWER,
        "service.completed_at = None if answer.pending else now",
        "service.completed_at = now",
        (f"{_ERASING}a_receipt_names_nobody_and_tells_what_each_service_has_answered",),
    ),
)

_OF_ERASURES_OF_NOTIFICATIONS = (
    Guard(
        "what is the person's own goes",
        _PERSON,
        "    await remove_own_rows(database, event)\n",
        "",
        (f"{_REWRITING}an_erased_person_leaves_no_trace_and_no_name",),
    ),
    Guard(
        "the name goes out of what others hold",
        _PERSON,
        "    await rewrite(database, lambda table: table.c.actor_id == user_id, _without_name)\n",
        "",
        (
            f"{_REWRITING}an_erased_person_leaves_no_trace_and_no_name",
            "e2e/test_privacy.py::test_what_is_held_about_a_person_comes_in_one_file_and_goes_when_they_ask",
        ),
    ),
    Guard(
        "open windows are told",
        "notification_worker/commands/rewrite.py",
        "delivery_messages(await _frames(connection, heads, numbers, alone))",
        "()",
        (f"{_REWRITING}an_erased_person_leaves_no_trace_and_no_name",),
    ),
    Guard(
        "a late event brings nobody back",
        "notification_worker/commands/surroundings.py",
        "(picture.registered if erased_at is None else picture.erased).add(user_id)",
        "picture.registered.add(user_id)",
        (f"{_REWRITING}a_late_event_brings_an_erased_person_not_back", _EVERYWHERE_NOTHING),
    ),
    Guard(
        "letters that name the person go",
        _LETTERS,
        "        if named := people_named(message, people):\n",
        "        if False and (named := people_named(message, people)):\n",
        (f"{_REMOVED}what_names_the_person_goes_and_all_else_keeps_its_place_and_its_history",),
    ),
    Guard(
        "a person is found by the id in whatever form",
        _LETTERS,
        " or one.hex.encode() in words",
        "",
        (f"{_REMOVED}a_person_is_found_in_whatever_is_no_event",),
    ),
    Guard(
        "no new letter names the person",
        "notification_worker/consumers/erased_letters.py",
        "            if erased:\n",
        "            if False:\n",
        (_EVERYWHERE_NOTHING,),
    ),
    Guard(
        "the stream is padded after the last delivery with the name",
        "notification_worker/commands/erasures.py",
        "_ROWS.last_outbox_id.is_not(None), ~waits)",
        "_ROWS.last_outbox_id.is_not(None))",
        (f"{_PADDED}no_padding_begins_before_all_deliveries_with_the_name_have_left",),
    ),
    Guard(
        "the stream is padded again when its age has passed",
        _PADDING,
        "_ERASURES.closed_at <= old_enough",
        "_ERASURES.closed_at.is_not(None)",
        (f"{_PADDED}erasures_share_paddings_and_paddings_keep_a_distance",),
    ),
    Guard(
        "a padding fills a whole segment",
        _PADDING,
        "            return limits.segment_bytes\n",
        "            return 1\n",
        (_EVERYWHERE_NOTHING, f"{_PADDED}a_padding_that_was_broken_off_goes_on_and_serves_who_waited_when_it_began"),
    ),
)

OF_PRIVACY = (
    *_OF_INBOXES,
    *_OF_LOGS,
    *_OF_EXPORTS,
    *_OF_ERASURES_OF_TASKS,
    *_OF_ERASURES_OF_NOTIFICATIONS,
)
