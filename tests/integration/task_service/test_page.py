"""The page, served beside the API."""

import shutil
from pathlib import Path

from tests.integration.task_service.client import Api, problem


async def test_every_address_of_the_page_gives_its_document_which_is_asked_for_again(api: Api) -> None:
    for path in ("/", "/tasks/1", "/tasks/01890000-0000-7000-8000-000000000000", "/login"):
        answer = await api.client.get(path)
        assert (answer.status_code, answer.text) == (200, "<!doctype html><title>Taskify</title>"), path
        assert answer.headers["Content-Type"].startswith("text/html")
        assert answer.headers["Cache-Control"] == "no-cache"


async def test_a_document_that_has_not_changed_is_not_sent_again(api: Api) -> None:
    first = await api.client.get("/")

    again = await api.client.get("/", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304


async def test_what_is_text_goes_compressed_to_who_can_read_it_and_answers_of_the_api_do_not(
    api: Api, web_folder: Path
) -> None:
    text = "export {}" * 1_000
    (web_folder / "assets" / "large-1a2b3c.js").write_text(text)
    compressed = await api.client.get("/assets/large-1a2b3c.js", headers={"Accept-Encoding": "gzip"})
    plain = await api.client.get("/assets/large-1a2b3c.js", headers={"Accept-Encoding": "identity"})

    assert compressed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in compressed.headers["Vary"]
    assert "Content-Encoding" not in plain.headers
    assert compressed.text == plain.text == text
    answer = await api.client.get("/config.json", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


async def test_hashed_assets_are_kept_for_ever(api: Api) -> None:
    answer = await api.client.get("/assets/index-1a2b3c.js")

    assert answer.text == "export {}"
    assert "immutable" in answer.headers["Cache-Control"]


async def test_a_file_that_is_not_there_is_not_found(api: Api, web_folder: Path) -> None:
    (web_folder.parent / "secret.txt").write_text("secret")

    for path in ("/assets/index-0.js", "/favicon.ico", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/a%00.txt"):
        assert problem(await api.client.get(path)) == (404, "not_found"), path


async def test_the_page_is_only_read(api: Api) -> None:
    assert (await api.client.head("/")).status_code == 200
    answer = await api.client.post("/")
    assert problem(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


async def test_a_page_that_was_not_built_says_so_and_leaves_the_api_alone(api: Api, web_folder: Path) -> None:
    shutil.rmtree(web_folder)

    answer = await api.client.get("/")

    assert problem(answer) == (404, "not_found")
    assert answer.json()["detail"] == "the page has not been built"
    assert (await api.client.get("/health/ready")).status_code == 200
