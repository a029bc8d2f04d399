import base64
import hashlib

from contracts.topology import BINDINGS, EXCHANGES, QUEUES, USERS
from infra.broker.definitions import FILE, apply_topology, password_hash, render, text, with_passwords
from tests.support.servers import Broker, Vhost


def test_checked_in_definitions_are_what_the_topology_says() -> None:
    assert FILE.read_text() == text(render())


def test_private_definitions_hold_salted_hashes() -> None:
    loadable = with_passwords(render(), {user.name: "swordfish" for user in USERS})
    stored = base64.b64decode(loadable["users"][0]["password_hash"])
    assert stored[4:] == hashlib.sha256(stored[:4] + b"swordfish").digest()
    assert "swordfish" not in text(loadable)


def test_password_hash_is_the_one_of_rabbitmqs_documentation() -> None:
    assert password_hash("test12", bytes.fromhex("908DC60A")) == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"


def test_delivery_limit_is_lifted_only_where_rabbitmq_has_one() -> None:
    assert render(rabbitmq_major=3)["policies"] == []
    (policy,) = render(rabbitmq_major=4)["policies"]
    assert policy["definition"] == {"delivery-limit": -1}


def test_broker_holds_the_whole_topology(broker: Broker, broker_vhost: Vhost) -> None:
    def listed(kind: str) -> list[dict[str, object]]:
        answer: list[dict[str, object]] = broker.management.get(f"/api/{kind}/{broker_vhost.name}").json()
        return answer

    assert {(queue["name"], str(queue["arguments"])) for queue in listed("queues")} >= {
        (queue.name, str(dict(sorted(queue.arguments.items())))) for queue in QUEUES
    }
    assert {exchange["name"] for exchange in listed("exchanges")} >= {exchange.name for exchange in EXCHANGES}
    bound = {(binding["source"], binding["destination"], binding["routing_key"]) for binding in listed("bindings")}
    assert bound >= {(binding.exchange, binding.queue, binding.routing_key) for binding in BINDINGS}


async def test_topology_can_be_applied_again_over_amqp(admin_broker_url: str) -> None:
    await apply_topology(admin_broker_url)
    await apply_topology(admin_broker_url)
