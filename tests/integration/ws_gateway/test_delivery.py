"""What is published reaches every window of its person, and nobody else."""

from uuid import uuid4

from tests.support.gateway import Gateway, Senders, page, running_gateway
from tests.support.tokens import Signer


async def test_a_delivery_reaches_all_windows_of_its_person_and_nobody_else(
    gateway: Gateway, sender: Senders, signer: Signer
) -> None:
    ann, john = uuid4(), uuid4()
    async with (
        page(gateway, signer.token(ann)) as first,
        page(gateway, signer.token(ann)) as second,
        page(gateway, signer.token(john)) as other,
    ):
        await sender.deliver((ann, 1), (ann, 2))
        await sender.deliver((john, 7), (uuid4(), 1))

        assert await first.next_seqs(2) == [1, 2]
        assert await second.next_seqs(2) == [1, 2]
        assert await other.next_seqs(1) == [7]


async def test_a_frame_passes_through_as_it_is(gateway: Gateway, sender: Senders, signer: Signer) -> None:
    ann = uuid4()
    text = '{"type": "NOTIFICATION",  "payload": {"seq": 3, "message": "Žofie assigned you “Čaj”"}}'
    async with page(gateway, signer.token(ann)) as window:
        await sender.deliver((ann, 3), text=text)

        assert await window.socket.recv() == text


async def test_windows_of_a_person_may_be_on_different_gateways(
    gateway: Gateway, gateway_broker_url: str, jwks_url: str, sender: Senders, signer: Signer
) -> None:
    ann = uuid4()
    async with (
        running_gateway(gateway_broker_url, jwks_url) as another,
        page(gateway, signer.token(ann)) as here,
        page(another, signer.token(ann)) as there,
    ):
        await sender.deliver((ann, 1))

        assert await here.next_seqs(1) == [1]
        assert await there.next_seqs(1) == [1]


async def test_a_message_that_cannot_be_read_is_skipped_and_disturbs_nothing(
    gateway: Gateway, sender: Senders, signer: Signer
) -> None:
    ann = uuid4()
    async with page(gateway, signer.token(ann)) as window:
        for body in (b"", b"not json", b"[]", b'{"frames": 1}', b'{"frames": [{"user_id": 1, "seq": "x"}]}', b"\xff"):
            await sender.publish(body)
        await sender.publish(b"{}", message_type="taskify.session.ended.v1")
        await sender.publish(b"{}", message_type="taskify.of-a-later-version.v9")
        await sender.deliver((ann, 1))

        assert await window.next_seqs(1) == [1]
        assert (await gateway.readiness()).is_success
