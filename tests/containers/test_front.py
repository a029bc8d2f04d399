"""What a browser gets at http://localhost:8080: nginx, with the page, both APIs and the sockets behind one address."""

import asyncio
import re
import time
from itertools import count

import httpx
import pytest
from playwright.async_api import expect

from tests.containers.engine import FRONT, REPOSITORY, Compose, run
from tests.support.browser import OpenPage, open_bell, shows_unread
from tests.support.people import Person

pytestmark = [pytest.mark.timeout(3_600), pytest.mark.usefixtures("compose")]

SECURITY = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Permissions-Policy",
)
LIMIT_SECONDS = 300
TOGETHER = 50
CONFIGURATION = REPOSITORY / "infra" / "containers" / "nginx" / "nginx.conf"
OPEN_FILES = """
for process in $(grep -l '^nginx: worker' /proc/[0-9]*/cmdline); do
    awk '/Max open files/ { print $4 }' ${process%cmdline}limits
done
"""


async def test_the_page_has_the_security_headers_of_the_task_service(http: httpx.AsyncClient) -> None:
    page = await http.get(f"{FRONT}/")
    of_the_service = (await http.get(f"{FRONT}/config.json")).headers

    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-cache"
    assert {name: page.headers[name] for name in SECURITY} == {name: of_the_service[name] for name in SECURITY}
    assert "Strict-Transport-Security" not in page.headers


async def test_an_address_of_the_pages_router_is_the_page_and_a_missing_file_is_not(http: httpx.AsyncClient) -> None:
    page = await http.get(f"{FRONT}/")

    assert (await http.get(f"{FRONT}/tasks/42")).content == page.content
    missing = await http.get(f"{FRONT}/assets/nothing.js")
    assert missing.status_code == 404
    assert missing.headers["Content-Type"] == "application/problem+json"
    assert missing.json()["type"] == "not_found"
    assert "immutable" not in missing.headers["Cache-Control"]


async def test_assets_come_compressed_and_may_be_kept_for_ever(http: httpx.AsyncClient) -> None:
    script = (await http.get(f"{FRONT}/")).text.partition('src="')[2].partition('"')[0]

    compressed = await http.get(f"{FRONT}{script}", headers={"Accept-Encoding": "gzip"})
    plain = await http.get(f"{FRONT}{script}", headers={"Accept-Encoding": "identity"})

    assert compressed.headers["Content-Encoding"] == "gzip"
    assert compressed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert compressed.headers["Vary"] == "Accept-Encoding"
    assert compressed.content == plain.content
    assert int(compressed.headers["Content-Length"]) < len(plain.content) / 2


@pytest.mark.parametrize("path", ["/metrics", "/health/live", "/health/ready", "/api", "/.well-known/other"])
async def test_what_is_not_for_browsers_is_not_there(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(f"{FRONT}{path}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "not_found"


async def test_the_front_says_that_it_lives(http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{FRONT}/health")).json() == {"status": "live"}


async def test_the_front_may_hold_as_many_connections_as_it_is_made_for(compose: Compose) -> None:
    (web,) = await compose.containers("web")
    limits = await run("docker", "exec", web.id, "sh", "-c", OPEN_FILES)
    connections = re.findall(r"worker_connections (\d+);", CONFIGURATION.read_text())
    assert [int(limit) > int(connections[0]) for limit in limits.split()] == [True, True]


async def test_a_body_over_the_limit_is_refused_in_the_words_of_the_apis(ann: Person) -> None:
    inside = await ann.call("POST", "/api/tasks", json={"title": "x" * 1_000_000})
    over = await ann.call("POST", "/api/tasks", json={"title": "x" * 1_200_000})

    assert inside.status_code == 422
    assert over.status_code == 413
    assert over.json()["type"] == "payload_too_large"
    assert over.headers["Content-Type"] == "application/problem+json"


async def test_a_client_is_counted_by_its_own_address_and_not_by_one_it_invents(
    http: httpx.AsyncClient, compose: Compose
) -> None:
    async def statuses(third: int) -> set[int]:
        """Send as many requests as fit into the connections at once: one after the other a slow machine is too slow."""
        invented = [{"X-Forwarded-For": f"203.0.{third % 256}.{last}"} for last in range(TOGETHER)]
        answers = [http.post(f"{FRONT}/api/auth/refresh", headers=each) for each in invented]
        return {answer.status_code for answer in await asyncio.gather(*answers)}

    deadline = time.monotonic() + LIMIT_SECONDS
    rounds = count()
    while 429 not in await statuses(next(rounds)):
        assert time.monotonic() < deadline, "never refused: the processes believe what a client says of itself"

    (other_address,) = await compose.containers("notification-api")
    elsewhere = await other_address.python(
        "import httpx; print(httpx.post('http://web:8080/api/auth/refresh', trust_env=False).status_code)"
    )
    assert elsewhere.strip() == "401"


async def test_a_notification_reaches_the_bell_of_the_page(open_page: OpenPage, ann: Person, john: Person) -> None:
    page = await open_page(john)

    await ann.create_task("Fix login bug", assignee_id=john.id)

    await shows_unread(page, 1)
    await expect(await open_bell(page)).to_contain_text(f"{ann.name} assigned you 'Fix login bug'")
    pictures = REPOSITORY / "build"
    pictures.mkdir(exist_ok=True)
    await page.screenshot(path=pictures / "containers.png")
