"""Whatever a client sends, in whatever order and pieces, it reads nothing of another person, and harms no other."""

import asyncio
import json
import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from contracts.socket.frames import FRAME_BYTES
from tests.fuzz.effort import Effort
from tests.fuzz.sockets import ANN, JOHN, PEOPLE, Client, auth, frame, secret_of, served
from ws_gateway.hub.directory import Directory

EXAMPLES, STEPS = 25, 30
WINDOWS = 4

TOKENS = st.sampled_from(["a.1", "a.2", "j.3", "j.4", "later", "expired", "forged", ""])
NEAR_FRAMES = st.fixed_dictionaries(
    {"type": st.sampled_from(["AUTH", "PING", "PONG", "NOTIFICATION", "READY", "x", None])},
    optional={
        "payload": st.fixed_dictionaries({}, optional={"seq": st.integers() | st.text(), "token": st.integers()})
    },
).map(lambda value: json.dumps(value).encode())
PAYLOADS = st.binary(max_size=150) | NEAR_FRAMES | st.integers(FRAME_BYTES - 1, FRAME_BYTES + 2).map(bytes)
NUMBERS = st.integers(0, WINDOWS - 1)


class Searcher:
    """One loop with the endpoint in it, for all examples."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._stack = AsyncExitStack()
        self.steps = 0
        self.directory, self.port = self.run(self._stack.enter_async_context(served()))

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(coroutine)

    def close(self) -> None:
        self.run(self._stack.aclose())


class SocketMachine(RuleBasedStateMachine):
    """Some windows at once; each step does something to one of them, or to all that are a person's."""

    searcher: Searcher

    def __init__(self) -> None:
        super().__init__()
        self.clients: dict[int, Client] = {}
        self.directory: Directory = self.searcher.directory
        self.seq = 0

    def client(self, number: int) -> Client:
        if number not in self.clients:
            self.clients[number] = self.searcher.run(Client.connected(self.searcher.port))
        return self.clients[number]

    def send(self, number: int, *pieces: bytes) -> None:
        self.searcher.steps += 1
        self.searcher.run(self.client(number).send(*pieces))

    @rule(number=NUMBERS, token=TOKENS)
    def shows_a_token(self, number: int, token: str) -> None:
        self.client(number).note_token(token)
        self.send(number, auth(token))

    @rule(number=NUMBERS, token=TOKENS, cut=st.integers(1, 60), beside=st.binary(max_size=20))
    def shows_a_token_in_pieces(self, number: int, token: str, cut: int, beside: bytes) -> None:
        self.client(number).note_token(token)
        text = json.dumps({"type": "AUTH", "payload": {"token": token}}).encode()
        self.send(number, frame(1, text[:cut], fin=False), frame(9, beside), frame(0, text[cut:]))

    @rule(number=NUMBERS, payload=PAYLOADS, opcode=st.integers(0, 15), fin=st.booleans(), masked=st.booleans())
    def sends_a_frame(self, number: int, payload: bytes, opcode: int, *, fin: bool, masked: bool) -> None:
        self.send(number, frame(opcode, payload, fin=fin, masked=masked))

    @rule(number=NUMBERS, payload=PAYLOADS, reserved=st.integers(0, 7))
    def sends_a_text(self, number: int, payload: bytes, reserved: int) -> None:
        self.send(number, frame(1, payload, reserved=reserved if reserved > 5 else 0))

    @rule(number=NUMBERS, seq=st.integers(-1, 2**63))
    def sends_a_heartbeat(self, number: int, seq: int) -> None:
        self.send(number, frame(1, json.dumps({"type": "PING", "payload": {"seq": seq}}).encode()))

    @rule(number=NUMBERS, data=st.binary(min_size=1, max_size=300), cut=st.integers(0, 300))
    def sends_bytes(self, number: int, data: bytes, cut: int) -> None:
        self.send(number, data[:cut], data[cut:])

    @rule(number=NUMBERS)
    def goes(self, number: int) -> None:
        if number in self.clients:
            self.clients.pop(number).close()

    @rule(session=st.integers(1, 4))
    def a_session_ends(self, session: int) -> None:
        self.directory.end_session(UUID(int=session), 0.0)

    @invariant()
    def everybody_gets_their_own_only(self) -> None:
        self.seq += 1
        for person in PEOPLE:
            self.directory.publish(str(person), self.seq, json.dumps({"secret": secret_of(person)}))
        for client in self.clients.values():
            self.searcher.run(client.take())
            for person in PEOPLE:
                if person != client.owner:
                    assert secret_of(person).encode() not in client.received
                    assert str(person).encode() not in client.received

    def teardown(self) -> None:
        """Whatever was sent, somebody who behaves is served."""
        self.searcher.run(self._somebody_is_served())
        for client in self.clients.values():
            client.close()

    async def _somebody_is_served(self) -> None:
        client = await Client.connected(self.searcher.port)
        await client.send(auth("j.77"))
        await client.until("READY")
        self.directory.publish(str(JOHN), self.seq + 1, json.dumps({"secret": secret_of(JOHN)}))
        await client.until(secret_of(JOHN))
        assert str(ANN).encode() not in client.received
        client.close()


@pytest.mark.timeout(0)
def test_nothing_of_another_person_reaches_a_window_whatever_it_sends(caplog: pytest.LogCaptureFixture) -> None:
    effort = Effort()
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        searcher = Searcher(runner)
        try:
            machine = type("Machine", (SocketMachine,), {"searcher": searcher})
            run_state_machine_as_test(machine, settings=effort.settings(EXAMPLES, STEPS))
        finally:
            searcher.close()
    # No peer may fill the log with tracebacks.
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert searcher.steps > EXAMPLES
    effort.report("hypothesis: sockets", searcher.steps)
