"""Guards of the socket, point by point of OWASP's list for WebSockets."""

from tests.guards.guard import Guard

_SESSION = "ws_gateway/sockets/session.py"
_ENDPOINT = "ws_gateway/sockets/endpoint.py"
_ADMISSION = "ws_gateway/hub/admission.py"
_DIRECTORY = "ws_gateway/hub/directory.py"
_LISTENER = "ws_gateway/sockets/listener.py"

_OF_SESSION = "unit/ws_gateway/test_session.py::test_"
_AUTHENTICATION = "integration/ws_gateway/test_authentication.py::test_"
_LIMITS = "integration/ws_gateway/test_limits.py::test_"
_SLOW = "integration/ws_gateway/test_slow_clients.py::test_"
_STREAM = "integration/ws_gateway/test_stream.py::test_"
_LOCKS = "architecture/test_locks.py::test_"
_DELIVERY = "integration/ws_gateway/test_delivery.py::test_"

_HANDSHAKE = """\
        connection.forget_handshake()
        session = Session(connection.id, self._session_limits, connection.loop.time(), self._session_observer)
        window = Window(connection, session, self._surroundings)
"""

OF_SOCKETS = (
    Guard(
        "1. nothing in clear text",
        "task_service/settings.py",
        'if self.public_api_url.startswith("https:"):',
        "if False:",
        ("unit/task_service/test_settings.py::test_a_page_over_https_is_sent_nowhere_in_clear_text",),
    ),
    Guard(
        "2. origins",
        _ENDPOINT,
        "origins=[*(Origin(origin) for origin in origins), None],",
        "origins=None,",
        (f"{_AUTHENTICATION}a_foreign_origin_is_refused_at_the_handshake_and_ours_is_not",),
    ),
    Guard(
        "3. a token comes in a frame, not in the address",
        _ENDPOINT,
        _HANDSHAKE,
        # There is no such code to take out, so that which would take it from there is put in.
        f"        path = connection.request.path\n{_HANDSHAKE}"
        '        token = path.partition("token=")[2].partition("&")[0]\n'
        '        await window.receive(\'{"type": "AUTH", "payload": {"token": "\' + token + \'"}}\')\n',
        (f"{_AUTHENTICATION}a_token_in_the_address_lets_nobody_in",),
    ),
    Guard(
        "4. a deadline for the token",
        _SESSION,
        "if self.state is State.AWAITING_TOKEN and now >= self._token_due_at:",
        "if False:",
        (f"{_OF_SESSION}no_token_in_time_closes_4408",),
    ),
    Guard(
        "4. one token at a time",
        _SESSION,
        'return self._close(CloseCode.MALFORMED, "untimely AUTH")',
        "return ()",
        (f"{_OF_SESSION}a_second_token_while_the_first_is_verified_closes_4400",),
    ),
    Guard(
        "4. few without a token",
        _ADMISSION,
        "if self._connections - self._authenticated >= self._limits.unauthenticated:",
        "if False:",
        (f"{_LIMITS}those_without_a_token_are_bounded_and_those_with_one_are_not_in_their_way",),
    ),
    Guard(
        "5. expiry",
        _SESSION,
        "if self.state is State.READY and now >= self._expires_at:",
        "if False:",
        (f"{_AUTHENTICATION}an_expired_token_closes_4401_at_its_time",),
    ),
    Guard(
        "5. the end of a session",
        _DIRECTORY,
        "            window.end_session()\n",
        "            pass\n",
        (f"{_STREAM}an_ended_session_closes_its_windows_and_no_other",),
    ),
    Guard(
        "5. sessions that ended before the start",
        _DIRECTORY,
        "if session_id in self._ended_sessions:",
        "if False:",
        (f"{_STREAM}a_gateway_that_starts_anew_knows_which_sessions_have_ended",),
    ),
    Guard(
        "6. no compression",
        _ENDPOINT,
        "compression=None,",
        'compression="deflate",',
        (f"{_LIMITS}nothing_is_compressed_although_the_client_offers_it",),
    ),
    Guard(
        "7. the size of frames",
        _ENDPOINT,
        "max_size=frame_bytes,",
        "max_size=None,",
        (f"{_AUTHENTICATION}a_frame_that_is_not_in_order_is_closed_with_its_code",),
    ),
    Guard(
        "7. the number of frames",
        _SESSION,
        "if self._allowance < 1:",
        "if False:",
        (f"{_AUTHENTICATION}too_many_frames_close_4429",),
    ),
    Guard(
        "8. connections of a person",
        _DIRECTORY,
        "if window not in self._places and len(others) >= self._connections_a_person:",
        "if False:",
        (f"{_LIMITS}a_person_with_too_many_windows_is_closed_4409_and_the_others_stay",),
    ),
    Guard(
        "8. connections of an address",
        _ADMISSION,
        "if self._by_address[address] >= self._limits.of_an_address:",
        "if False:",
        (f"{_LIMITS}an_address_is_bounded_and_another_one_is_not",),
    ),
    Guard(
        "8. connections of a gateway",
        _ADMISSION,
        "if self._connections >= self._limits.connections:",
        "if False:",
        (f"{_LIMITS}a_gateway_that_is_full_says_so_and_when_to_come_back",),
    ),
    Guard(
        "9. the heartbeat",
        _SESSION,
        "if now >= self._heard_at + self._limits.idle_seconds:",
        "if False:",
        (f"{_AUTHENTICATION}a_silent_page_is_closed_4002",),
    ),
    Guard(
        "10. what is not read",
        "ws_gateway/sockets/window.py",
        "if buffered > self._surroundings.buffer_bytes or (",
        "if False and (",
        (f"{_LIMITS}a_window_that_does_not_read_is_cut_and_the_others_get_everything",),
    ),
    Guard(
        "10. what the kernel keeps",
        _LISTENER,
        "_SENT_AT_ONCE, _LITTLE_KEPT]",
        "_SENT_AT_ONCE]",
        (f"{_SLOW}the_kernel_keeps_little_for_a_client_that_reads_nothing_and_not_for_long",),
    ),
    Guard(
        "10. the kernel gives a dead peer up",
        _LISTENER,
        "options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS))",
        "pass",
        (f"{_SLOW}the_kernel_keeps_little_for_a_client_that_reads_nothing_and_not_for_long",),
    ),
    Guard(
        "11. unknown frames",
        _SESSION,
        'return self._close(CloseCode.MALFORMED, "malformed frame")',
        "return ()",
        (
            f"{_OF_SESSION}a_malformed_unknown_or_untimely_first_frame_closes_4400",
            "unit/ws_gateway/test_session_survives_anything.py::test_a_first_frame_of_any_text_never_raises",
        ),
    ),
    Guard(
        "11. whoever is closed says no more",
        _SESSION,
        "        self.state = State.CLOSED\n        return (Close(code, reason),)",
        "        return (Close(code, reason),)",
        ("unit/ws_gateway/test_session_survives_anything.py::test_a_session_never_raises_and_closes_once_and_last",),
    ),
    Guard(
        "12. only one's own frames",
        _DIRECTORY,
        "windows = self._by_person.get(user_id)",
        "windows = self.windows()",
        (
            f"{_DELIVERY}a_delivery_reaches_all_windows_of_its_person_and_nobody_else",
            "fuzz/test_sockets.py::test_nothing_of_another_person_reaches_a_window_whatever_it_sends",
        ),
    ),
    Guard(
        "12. only one's own token",
        _SESSION,
        "if self._user_id is not None and principal.user_id != self._user_id:",
        "if False:",
        (f"{_OF_SESSION}another_persons_token_closes_4401",),
    ),
    Guard(
        "a slow handshake is cut",
        _ENDPOINT,
        "open_timeout=open_seconds,",
        "open_timeout=None,",
        (f"{_SLOW}a_handshake_that_comes_byte_by_byte_is_cut_and_the_others_are_served",),
    ),
    Guard(
        "15. a current library",
        "requirements/services.lock",
        "websockets==",
        "websockets==1.",
        (f"{_LOCKS}the_library_of_the_socket_is_no_older_than_was_reviewed",),
    ),
    Guard(
        "13. no noise of bad peers",
        _ENDPOINT,
        "        except ConnectionClosed:\n            pass  #",
        "        except ZeroDivisionError:\n            pass  #",
        (f"{_LIMITS}misbehaving_clients_leave_no_error_behind",),
    ),
)
